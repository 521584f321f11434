import { leftHalfHash, type SignatureAlgorithm } from '../jose/index.js';
import type { EpochSeconds } from '../kernel/index.js';
import type { Scope } from '../oauth/index.js';
import type { PostalAddress, Profile } from './profile.js';
import {
  addressFields,
  userPropertyNames,
  userPropertyOf,
  type PropertyClaim,
  type UserProperty,
  type UserPropertyName,
} from './user-properties.js';

/** The user data that claims can contain. */
export interface Person {
  readonly username: string;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  readonly emailVerified: boolean;
  readonly profile: Profile;
  readonly updatedAt: EpochSeconds;
  readonly roles: readonly string[];
  /** The user's roles in the requesting client; undefined without one. */
  readonly applicationRoles?: readonly string[] | undefined;
}

/** Claims about a user that are not account properties, and where their values are. */
const otherClaims = {
  updated_at: (person) => person.updatedAt,
  address: (person) => addressClaim(person.profile.address),
  roles: (person) => person.roles,
  application_roles: (person) => (person.applicationRoles?.length ? person.applicationRoles : undefined),
} satisfies Record<string, (person: Person) => unknown>;

/** The name of a claim about a user (OpenID Connect Core 5.1, and both kinds of roles). */
export type ClaimName = PropertyClaim | keyof typeof otherClaims;

/** All claims about a user with access to their values, which are undefined if not provided. */
const claims: Readonly<Record<string, (person: Person) => unknown>> = {
  ...Object.fromEntries(
    userPropertyNames
      .filter((name) => userPropertyOf[name].memberOf !== 'address')
      .map((name) => [userPropertyOf[name].claim, (person: Person) => propertyOf(person, name)]),
  ),
  ...otherClaims,
};

function propertyOf(person: Person, name: UserPropertyName): unknown {
  const { memberOf, verifies } = userPropertyOf[name];
  const values: Readonly<Record<string, unknown>> = memberOf === 'profile' ? { ...person.profile } : { ...person };
  if (verifies === undefined) return values[name];
  return values[verifies] === undefined ? undefined : (values[name] ?? false);
}

/** The supported claims about users, for metadata and the `claims` parameter. */
export const claimNames: readonly ClaimName[] = Object.keys(claims).filter(isClaimName);

export function isClaimName(name: string): name is ClaimName {
  return Object.hasOwn(claims, name);
}

/** The claims of each scope (OpenID Connect Core 5.4); unknown scopes have none. */
export const claimsOfScope: ReadonlyMap<string, readonly ClaimName[]> = new Map<string, readonly ClaimName[]>([
  ['profile', [...propertyClaimsOf('profile'), 'updated_at']],
  ['email', propertyClaimsOf('email')],
  ['address', ['address']],
  ['phone', propertyClaimsOf('phone')],
  ['roles', ['roles']],
  ['application_roles', ['application_roles']],
]);

function propertyClaimsOf(scope: UserProperty['scope']): readonly ClaimName[] {
  return userPropertyNames
    .filter((name) => userPropertyOf[name].scope === scope)
    .map((name) => userPropertyOf[name].claim)
    .filter(isClaimName);
}

/**
 * The values of claims by name. Omits what the user has not provided, and unknown names.
 * @see OpenID Connect Core 5.3.2: an empty claim is omitted, not null
 */
export function claimValues(person: Person, names: Iterable<string>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const value = isClaimName(name) ? claims[name]?.(person) : undefined;
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** The unique names of the claims of these scopes. */
export function claimNamesOf(scope: Scope): ClaimName[] {
  return scope.flatMap((token) => claimsOfScope.get(token) ?? []);
}

/**
 * The claims of an ID token. Lifetimes are in seconds.
 * @param token `accessToken`, `code` and `state` are those of the same response: each is bound to it by a hash
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
  /** Additional claims about the user, which cannot override the claims above. */
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

/**
 * The claims of the UserInfo response for a scope.
 * @param subject the `sub` of this user for the client of the token
 * @see OpenID Connect Core 5.3.2, 5.4
 */
export function userinfoClaims(person: Person, subject: string, scope: Scope): Record<string, unknown> {
  return { sub: subject, ...claimValues(person, claimNamesOf(scope)) };
}

/** OpenID Connect Core 5.1.1 */
function addressClaim(address: PostalAddress | undefined): Record<string, unknown> | undefined {
  return (
    address &&
    withoutUndefined({
      ...Object.fromEntries(addressFields.map((field) => [userPropertyOf[field].claim, address[field]])),
      formatted: address.formatted ?? formattedAddress(address),
    })
  );
}

/** A postal address as on a label, composed of its parts unless the user has provided it. */
function formattedAddress(address: PostalAddress): string {
  const place = [address.postalCode, address.locality].filter(Boolean).join(' ');
  return [address.streetAddress, place, address.region, address.country].filter(Boolean).join('\n');
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(claims)) if (claims[name] !== undefined) kept[name] = claims[name];
  return kept;
}
