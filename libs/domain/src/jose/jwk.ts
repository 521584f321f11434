import { encodeBase64url, sha256 } from '../kernel/index.js';

/** A JSON Web Key (RFC 7517); only the members that this code base names are typed. */
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
 * The key's SHA-256 thumbprint, base64url: our `kid`.
 * @throws TypeError for a key type without a thumbprint here
 * @see RFC 7638 3, RFC 8037 2
 */
export function jwkThumbprint(jwk: Jwk): string {
  const members = requiredMembers.get(jwk.kty ?? '');
  if (!members) throw new TypeError('this key type has no thumbprint here');
  const required: Record<string, unknown> = {};
  for (const member of members) {
    if (typeof jwk[member] !== 'string') throw new TypeError(`the key lacks ${member}`);
    required[member] = jwk[member];
  }
  return encodeBase64url(sha256(JSON.stringify(required)));
}

/** What may be shown of a key. A list of what is private would publish the private members of a key type yet to come. */
const publicMembers = new Set(['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'x5c', 'x5t', 'x5t#S256', 'y']);

/**
 * The key without what must stay secret, `key_ops` of the private key included.
 * @throws TypeError for a symmetric or unknown key type: it has no public part
 * @see RFC 7518 6
 */
export function publicJwk(jwk: Jwk): Jwk {
  if (!requiredMembers.has(jwk.kty ?? '')) throw new TypeError('this key type has no public part here');
  return Object.fromEntries(Object.entries(jwk).filter(([member]) => publicMembers.has(member)));
}
