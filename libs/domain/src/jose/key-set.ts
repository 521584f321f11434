import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64url } from '../kernel/index.js';
import { isSameAlgorithm, type JwsAlgorithm, type PublicKeyManagementAlgorithm } from './algorithms.js';
import { publicJwk, type Jwk } from './jwk.js';
import { fitsAlgorithm } from './signature.js';

/** A public key of a client or another server. */
export interface PublicKey {
  readonly kid: string | undefined;
  /** The only algorithm for which it may be used; any suitable one if undefined. */
  readonly alg: string | undefined;
  readonly use: string | undefined;
  readonly keyOps: readonly string[] | undefined;
  readonly key: KeyObject;
}

/** Maximum number of keys in a set: a verification may try each of them. */
export const maxKeysInSet = 50;
/** Maximum length in characters of JSON. */
export const maxKeySetCharacters = 64_000;

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const minRsaBits = 2048;
const maxRsaBits = 8192;
/** 65537 has three; a long exponent makes each verification slow. */
const maxExponentBytes = 4;
const curves: Readonly<Record<string, readonly string[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['Ed25519', 'X25519'],
};

/**
 * Why a foreign public key is not accepted; undefined if it is.
 * @see RFC 7517 4, RFC 7518 3.3 and 6, RFC 8725 3.5
 */
export function publicKeyProblem(jwk: Jwk): string | undefined {
  if (privateMembers.some((member) => member in jwk)) return 'it has private or symmetric members';
  if (jwk.kty === 'RSA') {
    const bits = bitLength(jwk.n);
    if (bits === undefined || bits < minRsaBits || bits > maxRsaBits)
      return `its modulus must have ${minRsaBits} to ${maxRsaBits} bits`;
    const exponent = bytesOf(jwk.e);
    const last = exponent?.at(-1) ?? 0;
    if (!exponent || exponent.length > maxExponentBytes || last % 2 === 0 || (exponent.length === 1 && last < 3))
      return 'its exponent is not supported';
    return undefined;
  }
  const known = Object.hasOwn(curves, jwk.kty ?? '') ? curves[jwk.kty ?? ''] : undefined;
  if (!known) return 'its type is not supported';
  return known.includes(jwk.crv ?? '') ? undefined : 'its curve is not supported';
}

/**
 * The usable keys of a set; others are ignored (RFC 7517 5).
 * @param value parsed JSON
 * @returns undefined when it is not a JWK set, or has too many keys
 */
export function readKeySet(value: unknown): readonly PublicKey[] | undefined {
  const keys: unknown = isObject(value) ? value['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length > maxKeysInSet) return undefined;
  return keys.flatMap((jwk: unknown) => (isObject(jwk) ? (readPublicKey(jwk) ?? []) : []));
}

/** A usable key; undefined where {@link publicKeyProblem} or node:crypto rejects it. */
export function readPublicKey(jwk: Jwk): PublicKey | undefined {
  if (publicKeyProblem(jwk) !== undefined) return undefined;
  try {
    const key = createPublicKey({ format: 'jwk', key: textMembers(publicJwk(jwk)) });
    const { key_ops: keyOps } = jwk;
    return {
      kid: text(jwk.kid),
      alg: text(jwk.alg),
      use: text(jwk.use),
      keyOps: Array.isArray(keyOps) ? keyOps.filter((each) => typeof each === 'string') : undefined,
      key,
    };
  } catch {
    // The point is not on the curve, or a member is missing or not a string.
    return undefined;
  }
}

/** True when the key may verify signatures of the algorithm (RFC 7517 4.2 to 4.4). */
export function mayVerify(key: PublicKey, algorithm: JwsAlgorithm): boolean {
  return (
    (key.use === undefined || key.use === 'sig') &&
    (key.alg === undefined || isSameAlgorithm(key.alg, algorithm)) &&
    (key.keyOps === undefined || key.keyOps.includes('verify')) &&
    fitsAlgorithm(algorithm, key.key)
  );
}

/** Maximum number of keys with the same `kid`, or without one, that are tried for one signature. */
const maxTried = 2;

/**
 * The candidate keys for verifying a signature. Limited, because unauthenticated requests can trigger verifications.
 * @param kid of the JWS header
 * @returns at most two keys; `kid_missing` where several match and the header has no `kid`
 * @see RFC 7515 4.1.4, RFC 7517 4.5, OpenID Connect Core 10.1
 */
export function verificationKeys(
  keys: readonly PublicKey[],
  { algorithm, kid }: { readonly algorithm: JwsAlgorithm; readonly kid: unknown },
): readonly PublicKey[] | 'kid_missing' {
  const fitting = keys.filter((key) => mayVerify(key, algorithm));
  if (kid === undefined) return fitting.length > 1 ? 'kid_missing' : fitting;
  const named = fitting.filter((key) => key.kid === kid);
  return (named.length > 0 ? named : fitting.filter((key) => key.kid === undefined)).slice(0, maxTried);
}

/** True when the key may encrypt with the algorithm (RFC 7517 4.2 to 4.4, RFC 7518 4.3, 4.6). */
export function mayEncrypt(key: PublicKey, algorithm: PublicKeyManagementAlgorithm): boolean {
  const type = key.key.asymmetricKeyType;
  const fits = algorithm.startsWith('RSA-') ? type === 'rsa' : type === 'ec' || type === 'x25519';
  return (
    fits &&
    (key.use === undefined || key.use === 'enc') &&
    (key.alg === undefined || key.alg === algorithm) &&
    (key.keyOps === undefined ||
      key.keyOps.some((each) => ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits'].includes(each)))
  );
}

/** The members of a key that are strings, for node:crypto. */
function textMembers(jwk: Jwk): Record<string, string> {
  return Object.fromEntries(
    Object.entries(jwk).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function bitLength(value: unknown): number | undefined {
  const bytes = bytesOf(value);
  if (!bytes) return undefined;
  // Leading zeros are not part of the number (RFC 7518 6.3.1.1).
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}

function bytesOf(value: unknown): Buffer | undefined {
  return typeof value === 'string' && value.length <= maxKeySetCharacters ? decodeBase64url(value) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
