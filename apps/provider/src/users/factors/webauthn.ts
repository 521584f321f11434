/**
 * The library of the ceremonies, loaded with the first of them: with its ASN.1 and X.509 it is the largest of all that
 * we use, and many set-ups have no passkeys.
 */
export function webauthn(): Promise<typeof import('@simplewebauthn/server')> {
  return import('@simplewebauthn/server');
}

export function webauthnHelpers(): Promise<typeof import('@simplewebauthn/server/helpers')> {
  return import('@simplewebauthn/server/helpers');
}
