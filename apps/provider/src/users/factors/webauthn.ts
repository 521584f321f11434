/**
 * Loads the WebAuthn library on first use: with its ASN.1 and X.509 parsers it is the largest dependency, and many
 * installations have no passkeys.
 */
export function webauthn(): Promise<typeof import('@simplewebauthn/server')> {
  return import('@simplewebauthn/server');
}

export function webauthnHelpers(): Promise<typeof import('@simplewebauthn/server/helpers')> {
  return import('@simplewebauthn/server/helpers');
}
