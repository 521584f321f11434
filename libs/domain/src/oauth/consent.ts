import { isAdministrationScope, isSubset, standardScopes, type Scope } from './scope.js';

/** Scopes that a user granted to a client, by where they apply. */
export interface AllowedScopes {
  /** At this server: the standard scopes, and those of requests without an API. */
  readonly scope: Scope;
  /** At each API, by its identifier. An entry without scopes allows access to the API only. */
  readonly resourceScopes: ReadonlyMap<string, Scope>;
}

/** The requested scopes and APIs. */
export interface RequestedScopes {
  readonly scope: Scope;
  /** Identifiers of APIs (RFC 8707). */
  readonly resources?: readonly string[] | undefined;
  /** Scopes that each of these APIs defines, by its identifier. Undefined: any of them may define any scope. */
  readonly definedScopes?: ReadonlyMap<string, Scope> | undefined;
}

export const nothingAllowed: AllowedScopes = { scope: [], resourceScopes: new Map() };

/** True for a scope of this server itself, whichever API is requested with it. */
export function isServerScope(scope: string): boolean {
  return standardScopes.includes(scope) || isAdministrationScope(scope);
}

/**
 * The granted scopes after consent to a request. A scope of an API is granted only at the requested APIs that define it,
 * because the same name may have another meaning at another API, now or later.
 * @see RFC 8707 3, RFC 6749 3.3
 */
export function allowScopes(before: AllowedScopes, request: RequestedScopes): AllowedScopes {
  const resources = request.resources ?? [];
  const resourceScopes = new Map(before.resourceScopes);
  for (const resource of resources) {
    const ofApi = request.scope.filter((scope) => apisOf(scope, request).includes(resource));
    resourceScopes.set(resource, union(resourceScopes.get(resource) ?? [], ofApi));
  }
  const ofServer = request.scope.filter((scope) => apisOf(scope, request).length === 0);
  return { scope: union(before.scope, ofServer), resourceScopes };
}

/** The requested APIs at which a scope applies; none: it applies at this server, or at no requested API. */
function apisOf(scope: string, { resources = [], definedScopes }: RequestedScopes): readonly string[] {
  if (isServerScope(scope)) return [];
  return definedScopes ? resources.filter((each) => definedScopes.get(each)?.includes(scope)) : resources;
}

/**
 * The part of a request without consent.
 * @returns undefined when consent is complete; an empty list when only access to an API is missing
 */
export function missingScopes(allowed: AllowedScopes, request: RequestedScopes): Scope | undefined {
  const resources = request.resources ?? [];
  const isAllowed = (scope: string): boolean => {
    const apis = apisOf(scope, request);
    return apis.length === 0
      ? allowed.scope.includes(scope)
      : apis.every((resource) => allowed.resourceScopes.get(resource)?.includes(scope));
  };
  const missing = request.scope.filter((scope) => !isAllowed(scope));
  return missing.length === 0 && isSubset(resources, [...allowed.resourceScopes.keys()]) ? undefined : missing;
}

function union(first: Scope, second: Scope): Scope {
  return [...new Set([...first, ...second])];
}
