import { encodeBase64url, sha256 } from '../kernel/index.js';

/** A JSON Web Key (RFC 7517); only the members that this code uses are typed. */
export interface Jwk {
  readonly kty?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
  readonly [member: string]: unknown;
}

/** In the order in which RFC 7638 3.2 hashes them. */
const requiredMembers: ReadonlyMap<string, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
]);

/**
 * The key's SHA-256 thumbprint in base64url, used as `kid`.
 * @throws TypeError for an unsupported key type or a missing member
 * @see RFC 7638 3, RFC 8037 2
 */
export function jwkThumbprint(jwk: Jwk): string {
  const members = requiredMembers.get(jwk.kty ?? '');
  if (!members) throw new TypeError('this key type is not supported');
  const required: Record<string, unknown> = {};
  for (const member of members) {
    if (typeof jwk[member] !== 'string') throw new TypeError(`the key lacks ${member}`);
    required[member] = jwk[member];
  }
  return encodeBase64url(sha256(JSON.stringify(required)));
}

/** Public members. An allow list, because a list of private members would miss those of future key types. */
const publicMembers = new Set(['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'x5c', 'x5t', 'x5t#S256', 'y']);

/**
 * The public part of a key, without `key_ops` of the private key.
 * @throws TypeError for a symmetric or unknown key type, which has no public part
 * @see RFC 7518 6
 */
export function publicJwk(jwk: Jwk): Jwk {
  if (!requiredMembers.has(jwk.kty ?? '')) throw new TypeError('this key type has no public part');
  return Object.fromEntries(Object.entries(jwk).filter(([member]) => publicMembers.has(member)));
}
