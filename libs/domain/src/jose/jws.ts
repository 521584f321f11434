import { hash } from 'node:crypto';
import { decodeBase64url } from '../kernel/index.js';
import { isSameAlgorithm, type SignatureAlgorithm } from './algorithms.js';

/** A JOSE header as received: only `alg` is checked to be a string (RFC 7515 4.1). */
export type JwsHeader = Readonly<Record<string, unknown>> & { readonly alg: string };

/** The parts of a compact JWS, not yet verified. The signature is empty where `alg` is none. */
export interface Jws {
  readonly header: JwsHeader;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** The JWS signing input: header and payload in base64url, joined by a dot (RFC 7515 5.1). */
export function encodeSigningInput(header: object, payload: object): string {
  return `${encodeJson(header)}.${encodeJson(payload)}`;
}

/**
 * Parses a compact JWS whose payload is a JSON object. Does not verify it.
 * @param maxLength in characters; longer texts are rejected
 * @returns undefined for anything malformed, or with a `crit` header, since no extension is supported (RFC 7515 4.1.11)
 */
export function parseJws(compact: string, options: { readonly maxLength: number }): Jws | undefined {
  if (compact.length > options.maxLength) return undefined;
  const parts = compact.split('.');
  const [encodedHeader, encodedPayload, encodedSignature] = parts;
  if (parts.length !== 3 || !encodedHeader || !encodedPayload || encodedSignature === undefined) return undefined;
  const header = parseJsonObject(encodedHeader);
  const payload = parseJsonObject(encodedPayload);
  const signature = decodeBase64url(encodedSignature);
  if (!header || !isJwsHeader(header) || !payload || !signature || 'crit' in header) return undefined;
  return { header, payload, signingInput: `${encodedHeader}.${encodedPayload}`, signature };
}

/**
 * The left half of a value's hash in base64url: `at_hash`, `c_hash` and `s_hash`. The algorithm determines the hash function.
 * @param value ASCII; a `state` may be any text and is hashed as UTF-8
 * @see OpenID Connect Core 3.1.3.6, 3.3.2.11
 */
export function leftHalfHash(value: string, algorithm: SignatureAlgorithm): string {
  // EdDSA names no hash function; Ed25519 uses SHA-512 internally, and deployed clients compute that.
  const bits = isSameAlgorithm(algorithm, 'EdDSA') ? '512' : algorithm.slice(-3);
  const digest = hash(`sha${bits}`, value, 'hex');
  return Buffer.from(digest.slice(0, digest.length / 2), 'hex').toString('base64url');
}

function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

function isJwsHeader(header: Readonly<Record<string, unknown>>): header is JwsHeader {
  return typeof header['alg'] === 'string';
}

/** Rejects invalid UTF-8 instead of decoding it as replacement characters (RFC 7515 5.2). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJsonObject(encoded: string): Record<string, unknown> | undefined {
  const bytes = decodeBase64url(encoded);
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
