import { fitsClaimRequest, type ClaimsMember, type ClaimsRequest, type Client, type Scope } from '../oauth/index.js';
import { claimNamesOf, claimValues, isClaimName, type ClaimName, type Person } from './claims.js';

/**
 * The claims about a person that the `claims` parameter asks for at one place. A claim that the person has not given, or
 * whose value is none of those asked for, is left out: that is no error (OpenID Connect Core 5.5.1).
 * @param scope what was granted: `roles` are told to whom they are allowed by scope, however they are asked for
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
 * What a client may ask for by name: of a limited one, no claim about a person that its scopes do not tell. It is left out
 * as one is that the person has not given, essential or not (OpenID Connect Core 5.5.1).
 */
export function allowedClaims(
  request: ClaimsRequest | undefined,
  client: Pick<Client, 'limitedAt' | 'scope'>,
): ClaimsRequest | undefined {
  if (!request || client.limitedAt === undefined) return request;
  const allowed: ReadonlySet<string> = new Set(claimNamesOf(client.scope));
  const narrowed = (member: ClaimsMember | undefined): ClaimsMember | undefined => {
    const entries = Object.entries(member ?? {}).filter(([name]) => !isClaimName(name) || allowed.has(name));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  const [userinfo, idToken] = [narrowed(request.userinfo), narrowed(request.idToken)];
  if (!userinfo && !idToken) return undefined;
  return { ...(userinfo ? { userinfo } : {}), ...(idToken ? { idToken } : {}) };
}

/** The claims about a person that a request asks for and none of its scopes does: the person is asked for each. */
export function claimsBeyondScope(request: ClaimsRequest, scope: Scope): ClaimName[] {
  const byScope: ReadonlySet<string> = new Set(claimNamesOf(scope));
  const names = [...Object.keys(request.userinfo ?? {}), ...Object.keys(request.idToken ?? {})];
  return [...new Set(names)].filter(isClaimName).filter((name) => !isRoleClaim(name) && !byScope.has(name));
}

/** Claims whose scope has their name, and without it they are not told. */
function isRoleClaim(name: string): boolean {
  return name === 'roles' || name === 'application_roles';
}
