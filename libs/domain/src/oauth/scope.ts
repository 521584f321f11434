import { OAuthError } from './oauth-error.js';

/** Unique scope tokens in the requested order (RFC 6749 3.3). */
export type Scope = readonly string[];

/** Scopes of this server itself, as opposed to those of APIs. */
export const standardScopes: Scope = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
  'roles',
  'application_roles',
];

/** Access to the administration API: `gatehouse:read` for GET requests, `gatehouse:admin` for all. */
export const administrationScopes = ['gatehouse:admin', 'gatehouse:read'] as const;
export type AdministrationScope = (typeof administrationScopes)[number];

/** True for scopes of the administration API: only an administrator grants them to a client, and consent is always required. */
export function isAdministrationScope(scope: string): boolean {
  return scope.startsWith('gatehouse:');
}

const maxScopes = 100;
/** A hundred tokens of maximum length with spaces. */
const maxCharacters = 20_100;
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** True for a single scope token (RFC 6749 3.3: printable ASCII except space, quote and backslash). */
export function isScopeToken(text: string): boolean {
  return scopeToken.test(text);
}

/**
 * Parses a `scope` parameter; an empty one is the empty scope.
 * @throws OAuthError invalid_scope for characters outside of the grammar, only spaces, more than a hundred scopes or too many
 *   characters
 * @see RFC 6749 3.3
 */
export function parseScope(text: string): Scope {
  const known = parsed.get(text);
  if (known) return known;
  const scope = parseNew(text);
  // A server parses the same few scopes again and again, for each row; arbitrary ones from requests only clear the cache.
  if (parsed.size >= maxParsed) parsed.clear();
  if (text.length <= maxParsedCharacters) parsed.set(text, scope);
  return scope;
}

const parsed = new Map<string, Scope>();
const maxParsed = 500;
const maxParsedCharacters = 300;

function parseNew(text: string): Scope {
  if (text === '') return [];
  if (text.length > maxCharacters) throw malformed();
  // The grammar has a single space between tokens; deployed clients send more, which is unambiguous.
  const tokens = text.split(' ').filter((token) => token !== '');
  if (tokens.length === 0 || tokens.length > maxScopes || !tokens.every(isScopeToken)) throw malformed();
  return [...new Set(tokens)];
}

function malformed(): OAuthError {
  return new OAuthError('invalid_scope', 'The scope is malformed.', { reason: 'scope.malformed' });
}

/** Formats a scope: tokens separated by spaces; empty for none. */
export function formatScope(scope: Scope): string {
  return scope.join(' ');
}

/** True when each token of the part is in the whole; the empty scope is part of any. */
export function isSubset(part: Scope, whole: Scope): boolean {
  return part.every((token) => whole.includes(token));
}

/**
 * The scope of a refreshed access token: the granted scope, or the requested part of it.
 * @throws OAuthError invalid_scope when more is requested than granted
 * @see RFC 6749 6
 */
export function checkRefreshScope(granted: Scope, requested: Scope | undefined): Scope {
  if (requested === undefined) return granted;
  if (!isSubset(requested, granted))
    throw new OAuthError('invalid_scope', 'The scope exceeds what was granted.', { reason: 'scope.widened' });
  return requested;
}
