import { OAuthError } from './oauth-error.js';

/** Scope tokens in the order in which they were asked for, each once (RFC 6749 3.3). */
export type Scope = readonly string[];

/** Scopes that belong to this server itself, beside those of APIs. */
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

/** Opens the administration's API to a client: `gatehouse:read` its GET requests, `gatehouse:admin` all of it. */
export const administrationScopes = ['gatehouse:admin', 'gatehouse:read'] as const;
export type AdministrationScope = (typeof administrationScopes)[number];

/** True for what opens this server itself: an administrator alone gives it, and nobody goes without consent. */
export function isAdministrationScope(scope: string): boolean {
  return scope.startsWith('gatehouse:');
}

const maxScopes = 100;
/** A hundred tokens of the longest kind, and their spaces. */
const maxCharacters = 20_100;
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** True when it is one scope token (RFC 6749 3.3: printable ASCII but space, quote and backslash). */
export function isScopeToken(text: string): boolean {
  return scopeToken.test(text);
}

/**
 * Parses a `scope` parameter; an empty one is the empty scope.
 * @throws OAuthError invalid_scope for characters outside of the grammar, spaces alone, more than a hundred scopes or
 *   more characters than those have
 * @see RFC 6749 3.3
 */
export function parseScope(text: string): Scope {
  const known = parsed.get(text);
  if (known) return known;
  const scope = parseNew(text);
  // A server sees a few scopes again and again, with each row that it reads; strangers' inventions push each other out.
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
  // The grammar has one space between tokens; deployed clients join lists with empty members, and nothing is doubtful in that.
  const tokens = text.split(' ').filter((token) => token !== '');
  if (tokens.length === 0 || tokens.length > maxScopes || !tokens.every(isScopeToken)) throw malformed();
  return [...new Set(tokens)];
}

function malformed(): OAuthError {
  return new OAuthError('invalid_scope', 'The scope is malformed.', { reason: 'scope.malformed' });
}

/** Writes a scope as the protocol does: tokens with a space between; empty for none. */
export function formatScope(scope: Scope): string {
  return scope.join(' ');
}

/** True when every token of the part is one of the whole; the empty scope is part of any. */
export function isSubset(part: Scope, whole: Scope): boolean {
  return part.every((token) => whole.includes(token));
}

/**
 * The scope of a refreshed access token: what was granted, or the part of it that was asked for.
 * @throws OAuthError invalid_scope when more is asked for than was granted
 * @see RFC 6749 6
 */
export function checkRefreshScope(granted: Scope, requested: Scope | undefined): Scope {
  if (requested === undefined) return granted;
  if (!isSubset(requested, granted))
    throw new OAuthError('invalid_scope', 'The scope exceeds what was granted.', { reason: 'scope.widened' });
  return requested;
}
