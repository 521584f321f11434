import type { RequiredAuthentication } from './oauth-error.js';

/**
 * Parses `Authorization: Basic`, whose parts are form-urlencoded before they are joined and base64-encoded.
 * @returns undefined when the header has another scheme or is malformed
 * @see RFC 6749 2.3.1, RFC 7617 2
 */
export function parseBasicCredentials(
  header: string | undefined,
): { readonly clientId: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]{1,8000}={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const clientId = decodeFormPart(text.slice(0, colon));
  const secret = decodeFormPart(text.slice(colon + 1));
  return clientId === undefined || secret === undefined || clientId === '' ? undefined : { clientId, secret };
}

/** True for the scheme Basic, well-formed or not. */
export function isBasic(header: string | undefined): boolean {
  return /^basic(\s|$)/i.test(header ?? '');
}

/**
 * Parses `Authorization: Bearer`.
 * @returns undefined when the header is absent, has another scheme or is malformed
 * @see RFC 6750 2.1
 */
export function parseBearer(header: string | undefined): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]{1,8000}={0,8})$/i.exec(header ?? '')?.[1];
}

/**
 * Parses `Authorization: DPoP`.
 * @returns undefined when the header is absent, has another scheme or is malformed
 * @see RFC 9449 7.1
 */
export function parseDpopToken(header: string | undefined): string | undefined {
  return /^dpop +([A-Za-z0-9._~+/-]{1,8000}={0,8})$/i.exec(header ?? '')?.[1];
}

/**
 * A `WWW-Authenticate: DPoP` challenge with the supported algorithms of proofs.
 * @see RFC 9449 7.1
 */
export function dpopChallenge(parts: {
  readonly error?: string | undefined;
  readonly description?: string | undefined;
  readonly scope?: string | undefined;
  readonly authentication?: RequiredAuthentication | undefined;
  readonly algorithms: readonly string[];
}): string {
  const { error, description, scope, authentication, algorithms } = parts;
  const own = { realm: 'gatehouse', error, error_description: description, scope, algs: algorithms.join(' ') };
  return `DPoP ${attributesOf({ ...own, ...stepUpOf(authentication) })}`;
}

/**
 * A `WWW-Authenticate: Bearer` challenge. For a request without a token it only contains the realm (RFC 6750 3.1).
 * @see RFC 6750 3
 */
export function bearerChallenge(
  parts: {
    readonly realm?: string | undefined;
    readonly error?: string | undefined;
    readonly description?: string | undefined;
    readonly scope?: string | undefined;
    readonly authentication?: RequiredAuthentication | undefined;
  } = {},
): string {
  const { realm = 'gatehouse', error, description, scope, authentication } = parts;
  return `Bearer ${attributesOf({ realm, error, error_description: description, scope, ...stepUpOf(authentication) })}`;
}

/** RFC 9470 3 */
function stepUpOf(authentication: RequiredAuthentication | undefined): Record<string, string | undefined> {
  return { acr_values: authentication?.acrValues, max_age: authentication?.maxAgeSeconds?.toString() };
}

function attributesOf(attributes: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}="${quotable(value)}"`)
    .join(', ');
}

/** Replaces characters that RFC 6750 3 does not allow in a quoted value: they must not end the value or the header line. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '');
}

/** RFC 6749 A.1, A.2: printable ASCII. Some databases reject a NUL, for example. */
const credential = /^[\x20-\x7e]{0,1000}$/;

function decodeFormPart(text: string): string | undefined {
  try {
    const decoded = text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
    return credential.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
