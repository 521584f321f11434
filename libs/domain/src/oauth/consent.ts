import { isAdministrationScope, isSubset, standardScopes, type Scope } from './scope.js';

/** Scopes that a person allowed a client, by where they apply. */
export interface AllowedScopes {
  /** At this server itself: the standard scopes, and those of requests that named no API. */
  readonly scope: Scope;
  /** At each API, by its identifier. An entry without scopes allows access to the API alone. */
  readonly resourceScopes: ReadonlyMap<string, Scope>;
}

/** What a request asks for. */
export interface RequestedScopes {
  readonly scope: Scope;
  /** Identifiers of APIs (RFC 8707). */
  readonly resources?: readonly string[] | undefined;
}

export const nothingAllowed: AllowedScopes = { scope: [], resourceScopes: new Map() };

/** True for a scope that belongs to this server itself, whichever API is requested beside it. */
export function isServerScope(scope: string): boolean {
  return standardScopes.includes(scope) || isAdministrationScope(scope);
}

/**
 * What is allowed once a person has said yes to a request, too. A scope of an API is allowed only at the APIs that this
 * request names, because the same name may mean something else at another one.
 * @see RFC 8707 3, RFC 6749 3.3
 */
export function allowScopes(before: AllowedScopes, request: RequestedScopes): AllowedScopes {
  const resources = request.resources ?? [];
  const ofApis = request.scope.filter((scope) => !isServerScope(scope));
  const resourceScopes = new Map(before.resourceScopes);
  for (const resource of resources) resourceScopes.set(resource, union(resourceScopes.get(resource) ?? [], ofApis));
  const ofServer = resources.length === 0 ? request.scope : request.scope.filter(isServerScope);
  return { scope: union(before.scope, ofServer), resourceScopes };
}

/**
 * The part of a request that a person has not allowed yet.
 * @returns undefined when all of it is allowed; an empty list when only access to an API is missing
 */
export function missingScopes(allowed: AllowedScopes, request: RequestedScopes): Scope | undefined {
  const resources = request.resources ?? [];
  const isAllowed = (scope: string): boolean =>
    resources.length === 0 || isServerScope(scope)
      ? allowed.scope.includes(scope)
      : resources.every((resource) => allowed.resourceScopes.get(resource)?.includes(scope));
  const missing = request.scope.filter((scope) => !isAllowed(scope));
  return missing.length === 0 && isSubset(resources, [...allowed.resourceScopes.keys()]) ? undefined : missing;
}

function union(first: Scope, second: Scope): Scope {
  return [...new Set([...first, ...second])];
}
