/** Signatures with a key pair (RFC 7518 3.1, RFC 8037 3.1). EdDSA means Ed25519 here, its fully specified name (RFC 9864 2.2). */
export const jwsAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type JwsAlgorithm = (typeof jwsAlgorithms)[number];

/** True for two names of one algorithm: `EdDSA` with an Ed25519 key is `Ed25519` (RFC 9864 2.2). */
export function isSameAlgorithm(one: string, other: string): boolean {
  const nameOf = (algorithm: string): string => (algorithm === 'Ed25519' ? 'EdDSA' : algorithm);
  return nameOf(one) === nameOf(other);
}

/** Signatures with a shared secret (RFC 7518 3.2). */
export const macAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
export type MacAlgorithm = (typeof macAlgorithms)[number];

/** Signature algorithms of responses to clients and of what clients send. */
export const signatureAlgorithms = [...jwsAlgorithms, ...macAlgorithms] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export function isMacAlgorithm(algorithm: SignatureAlgorithm): algorithm is MacAlgorithm {
  return macAlgorithms.some((each) => each === algorithm);
}

/** Key management with the recipient's public key (RFC 7518 4.3, 4.6). RSA1_5 is insecure and not supported. */
export const publicKeyManagementAlgorithms = [
  'RSA-OAEP',
  'RSA-OAEP-256',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
] as const;
export type PublicKeyManagementAlgorithm = (typeof publicKeyManagementAlgorithms)[number];

/** Key management with a shared secret (RFC 7518 4.4, 4.5; OpenID Connect Core 10.2). */
export const secretKeyManagementAlgorithms = ['A128KW', 'A192KW', 'A256KW', 'dir'] as const;
export type SecretKeyManagementAlgorithm = (typeof secretKeyManagementAlgorithms)[number];

export const keyManagementAlgorithms = [...publicKeyManagementAlgorithms, ...secretKeyManagementAlgorithms] as const;
export type KeyManagementAlgorithm = (typeof keyManagementAlgorithms)[number];

/** RFC 7518 5.1 */
export const contentEncryptionAlgorithms = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
] as const;
export type ContentEncryptionAlgorithm = (typeof contentEncryptionAlgorithms)[number];

/** True where the algorithm requires the shared secret itself, not its hash. */
export function needsSecret(algorithm: string): boolean {
  return [...macAlgorithms, ...secretKeyManagementAlgorithms].some((each) => each === algorithm);
}
