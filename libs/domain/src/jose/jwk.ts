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

const requiredMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/**
 * The key's SHA-256 thumbprint, base64url: our `kid`.
 * @throws TypeError for a key type without a thumbprint here
 * @see RFC 7638 3, RFC 8037 2
 */
export function jwkThumbprint(jwk: Jwk): string {
  const members = requiredMembers[jwk.kty ?? ''];
  if (!members) throw new TypeError('this key type has no thumbprint here');
  const required: Record<string, unknown> = {};
  for (const member of members) {
    if (typeof jwk[member] !== 'string') throw new TypeError(`the key lacks ${member}`);
    required[member] = jwk[member];
  }
  return encodeBase64url(sha256(JSON.stringify(required)));
}

const privateMembers = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']);

/** The key without what must stay secret (RFC 7518 6). */
export function publicJwk(jwk: Jwk): Jwk {
  return Object.fromEntries(Object.entries(jwk).filter(([member]) => !privateMembers.has(member)));
}
