import { leftHalfHash, type JwsAlgorithm, type MacAlgorithm } from '../jose/index.js';
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
  readonly algorithm: JwsAlgorithm | MacAlgorithm;
  readonly accessToken?: string | undefined;
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  readonly authTime?: EpochSeconds | undefined;
  readonly nonce?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly acr?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly roles?: readonly string[] | undefined;
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
    ...(token.roles === undefined ? {} : { roles: token.roles }),
  });
}

/** The claims that scopes ask for at the UserInfo endpoint (OpenID Connect Core 5.1, 5.4). */
export function userinfoClaims(person: Person, scope: Scope): Record<string, unknown> {
  return withoutUndefined({
    sub: person.id,
    ...(scope.includes('profile')
      ? {
          name: person.name,
          given_name: person.givenName,
          family_name: person.familyName,
          preferred_username: person.username,
          updated_at: person.updatedAt,
        }
      : {}),
    ...(scope.includes('email')
      ? { email: person.email, email_verified: person.email === undefined ? undefined : person.emailVerified }
      : {}),
    ...(scope.includes('roles') ? { roles: person.roles } : {}),
  });
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
