import { constants, createHmac, sign, verify, type KeyObject, type SigningOptions } from 'node:crypto';
import { equalInConstantTime } from '../kernel/index.js';
import type { JwsAlgorithm, MacAlgorithm } from './algorithms.js';

interface Scheme {
  /** Null where the algorithm hashes internally (RFC 8032). */
  readonly hash: string | null;
  readonly options: SigningOptions;
  /** The key type in node:crypto. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly curve?: string;
}

// RFC 7518 3.3
const pkcs1 = (hash: string): Scheme => ({ hash, options: {}, keyType: 'rsa' });
// RFC 7518 3.5: MGF1 with the same hash, salt length equal to the hash length.
const pss = (hash: string): Scheme => ({
  hash,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  keyType: 'rsa',
});
// RFC 7518 3.4: r and s concatenated, not DER.
const ecdsa = (hash: string, curve: string): Scheme => ({
  hash,
  options: { dsaEncoding: 'ieee-p1363' },
  keyType: 'ec',
  curve,
});

const ed25519: Scheme = { hash: null, options: {}, keyType: 'ed25519' };

const schemes: Readonly<Record<JwsAlgorithm, Scheme>> = {
  RS256: pkcs1('sha256'),
  RS384: pkcs1('sha384'),
  RS512: pkcs1('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  ES256: ecdsa('sha256', 'prime256v1'),
  ES384: ecdsa('sha384', 'secp384r1'),
  ES512: ecdsa('sha512', 'secp521r1'),
  EdDSA: ed25519,
  Ed25519: ed25519,
};

const macHashes: Readonly<Record<MacAlgorithm, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/**
 * Creates the signature of a JWS, synchronously.
 * @param key  a private key that {@link fitsAlgorithm}
 * @param signingInput of {@link encodeSigningInput}
 * @see RFC 7515 5.1, RFC 7518 3, RFC 8037 3.1
 */
export function signatureOf(algorithm: JwsAlgorithm, key: KeyObject, signingInput: string): Buffer {
  const { hash, options } = schemes[algorithm];
  return sign(hash, Buffer.from(signingInput), { key, ...options });
}

/** True when the signature is valid. Also false for a key that does not fit the algorithm. */
export function verifySignature(
  algorithm: JwsAlgorithm,
  key: KeyObject,
  signingInput: string,
  signature: Uint8Array,
): boolean {
  if (!fitsAlgorithm(algorithm, key)) return false;
  const { hash, options } = schemes[algorithm];
  return verify(hash, Buffer.from(signingInput), { key, ...options }, signature);
}

/** True when the key has the type and the curve of the algorithm. */
export function fitsAlgorithm(algorithm: JwsAlgorithm, key: KeyObject): boolean {
  const { keyType, curve } = schemes[algorithm];
  return key.asymmetricKeyType === keyType && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
}

/**
 * The HMAC of a signing input.
 * @param secret the key; for a client secret its UTF-8 octets (OpenID Connect Core 10.1)
 * @see RFC 7518 3.2
 */
export function macOf(algorithm: MacAlgorithm, secret: string | Uint8Array, signingInput: string): Buffer {
  return createHmac(macHashes[algorithm], secret).update(signingInput).digest();
}

/** True when the MAC is valid; compared in constant time. */
export function verifyMac(
  algorithm: MacAlgorithm,
  secret: string | Uint8Array,
  signingInput: string,
  signature: Uint8Array,
): boolean {
  return equalInConstantTime(macOf(algorithm, secret, signingInput), signature);
}
