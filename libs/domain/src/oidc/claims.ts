import { leftHalfHash, type SignatureAlgorithm } from '../jose/index.js';
import type { EpochSeconds } from '../kernel/index.js';
import type { Scope } from '../oauth/index.js';

/** What this server knows of a person, as far as claims tell it. */
export interface Person {
  /** The `sub`. */
  readonly id: string;
  readonly username: string;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  readonly emailVerified: boolean;
  readonly updatedAt: EpochSeconds;
  readonly roles: readonly string[];
}

/** Every claim about a person, with where its value is; undefined for what they have not given. */
const claims = {
  name: (person) => person.name,
  given_name: (person) => person.givenName,
  family_name: (person) => person.familyName,
  preferred_username: (person) => person.username,
  updated_at: (person) => person.updatedAt,
  email: (person) => person.email,
  email_verified: (person) => (person.email === undefined ? undefined : person.emailVerified),
  roles: (person) => person.roles,
} satisfies Record<string, (person: Person) => unknown>;

/** The name of a claim about a person (OpenID Connect Core 5.1, and `roles`). */
export type ClaimName = keyof typeof claims;

export function isClaimName(name: string): name is ClaimName {
  return Object.hasOwn(claims, name);
}

/** The claims that a scope asks for (OpenID Connect Core 5.4); a scope that is not here asks for none. */
export const claimsOfScope: ReadonlyMap<string, readonly ClaimName[]> = new Map<string, readonly ClaimName[]>([
  ['profile', ['name', 'given_name', 'family_name', 'preferred_username', 'updated_at']],
  ['email', ['email', 'email_verified']],
  ['roles', ['roles']],
]);

/** The values of claims by their names; what the person has not given is left out (OpenID Connect Core 5.3.2). */
export function claimValues(person: Person, names: Iterable<string>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const value = isClaimName(name) ? claims[name](person) : undefined;
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** The names of the claims that scopes ask for, each once. */
export function claimNamesOf(scope: Scope): ClaimName[] {
  return scope.flatMap((token) => claimsOfScope.get(token) ?? []);
}

/**
 * The claims of an ID token. Lifetimes are seconds.
 * @param token `accessToken`, `code` and `state` are those that it travels with: each is bound to it by a hash
 * @see OpenID Connect Core 2, 3.1.3.6, 3.2.2.10, 3.3.2.11; FAPI 1.0 Advanced 5.2.2.1 (s_hash)
 */
export function idTokenClaims(token: {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly now: EpochSeconds;
  readonly lifetimeSeconds: number;
  readonly algorithm: SignatureAlgorithm;
  readonly accessToken?: string | undefined;
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  readonly authTime?: EpochSeconds | undefined;
  readonly nonce?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly acr?: string | undefined;
  readonly sessionId?: string | undefined;
  /** What the ID token tells of the person beside; it replaces none of the claims above. */
  readonly personal?: Readonly<Record<string, unknown>> | undefined;
}): Record<string, unknown> {
  const hash = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : leftHalfHash(value, token.algorithm);
  return withoutUndefined({
    ...token.personal,
    iss: token.issuer,
    sub: token.subject,
    aud: token.clientId,
    iat: token.now,
    exp: token.now + token.lifetimeSeconds,
    auth_time: token.authTime,
    nonce: token.nonce,
    amr: token.amr,
    acr: token.acr,
    sid: token.sessionId,
    at_hash: hash(token.accessToken),
    c_hash: hash(token.code),
    s_hash: hash(token.state),
  });
}

/** The claims that scopes ask for at the UserInfo endpoint (OpenID Connect Core 5.1, 5.4). */
export function userinfoClaims(person: Person, scope: Scope): Record<string, unknown> {
  return { sub: person.id, ...claimValues(person, claimNamesOf(scope)) };
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
