import { fitsClaimRequest, type ClaimsMember, type ClaimsRequest, type Client, type Scope } from '../oauth/index.js';
import { claimNamesOf, claimValues, isClaimName, type ClaimName, type Person } from './claims.js';

/**
 * The claims about a user that one member of the `claims` parameter requests. A claim that the user has not provided, or whose
 * value is not acceptable, is omitted, which is not an error (OpenID Connect Core 5.5.1).
 * @param scope the granted scope: `roles` are returned only with their scope, however they are requested
 * @see OpenID Connect Core 5.5
 */
export function requestedClaims(
  person: Person,
  member: ClaimsMember | undefined,
  scope: Scope,
): Record<string, unknown> {
  if (!member) return {};
  const names = Object.keys(member).filter((name) => !isRoleClaim(name) || scope.includes(name));
  return Object.fromEntries(
    Object.entries(claimValues(person, names)).filter(([name, value]) => fitsClaimRequest(member[name] ?? {}, value)),
  );
}

/**
 * The claims that a client may request by name: a restricted one only those that its scopes include. Others are omitted like
 * claims that the user has not provided, essential or not (OpenID Connect Core 5.5.1).
 */
export function allowedClaims(
  request: ClaimsRequest | undefined,
  client: Pick<Client, 'restrictedAt' | 'scope'>,
): ClaimsRequest | undefined {
  if (!request || client.restrictedAt === undefined) return request;
  const allowed: ReadonlySet<string> = new Set(claimNamesOf(client.scope));
  const narrowed = (member: ClaimsMember | undefined): ClaimsMember | undefined => {
    const entries = Object.entries(member ?? {}).filter(([name]) => !isClaimName(name) || allowed.has(name));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  const [userinfo, idToken] = [narrowed(request.userinfo), narrowed(request.idToken)];
  if (!userinfo && !idToken) return undefined;
  return { ...(userinfo ? { userinfo } : {}), ...(idToken ? { idToken } : {}) };
}

/** Requested claims about the user that no requested scope includes: each requires consent. */
export function claimsBeyondScope(request: ClaimsRequest, scope: Scope): ClaimName[] {
  const byScope: ReadonlySet<string> = new Set(claimNamesOf(scope));
  const names = [...Object.keys(request.userinfo ?? {}), ...Object.keys(request.idToken ?? {})];
  return [...new Set(names)].filter(isClaimName).filter((name) => !isRoleClaim(name) && !byScope.has(name));
}

/** Claims that are returned only with the scope of the same name. */
function isRoleClaim(name: string): boolean {
  return name === 'roles' || name === 'application_roles';
}
