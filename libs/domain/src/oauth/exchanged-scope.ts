import { OAuthError } from './oauth-error.js';
import { parseResourceParameter, type Resource } from './resource.js';
import { isAdministrationScope, isSubset, standardScopes, type Scope } from './scope.js';

/**
 * What `resource` and `audience` name: here both are identifiers of APIs.
 * @throws OAuthError invalid_target where neither names one
 * @see RFC 8693 2.1
 */
export function exchangeTargets(parameters: ReadonlyMap<string, string>): readonly string[] {
  const named = [parameters.get('resource'), parameters.get('audience')].flatMap((text) => text ?? []);
  const targets = parseResourceParameter(named.join(' '));
  if (targets.length === 0)
    throw new OAuthError('invalid_target', 'The resource is missing: name the API that the token is for.', {
      reason: 'exchange.no_target',
    });
  return targets;
}

/** What the scope of an exchanged token depends on. */
export interface ExchangeScopeContext {
  /** Of the client that exchanges. */
  readonly clientScope: Scope;
  /** The token that is exchanged. */
  readonly subject: { readonly scope: Scope; readonly audience: readonly string[] };
  /** What the person allowed the client that got the first token. */
  readonly grant: { readonly scope: Scope; readonly resources: readonly string[] };
  /** The APIs that the new token is for. */
  readonly resources: readonly Pick<Resource, 'identifier' | 'scopes'>[];
}

/**
 * What the new token may do: within the client's scopes; at an API that the old token is for no more than that, and at one
 * that the person let a client use no more than they let it, over however many exchanges.
 * @param asked the `scope` of the request
 * @throws OAuthError invalid_scope
 */
export function exchangedScope(asked: Scope | undefined, context: ExchangeScopeContext): Scope {
  const { clientScope, subject, grant, resources } = context;
  const scopesAt = (identifiers: readonly string[]): readonly string[] =>
    resources
      .filter(({ identifier }) => identifiers.includes(identifier))
      .flatMap(({ scopes }) => scopes.map(({ name }) => name));
  const held = scopesAt(subject.audience);
  const granted = scopesAt(grant.resources);
  const allowed = clientScope.filter(
    (scope) =>
      // Those of this server's own endpoints: a token for an API has none of them.
      !standardScopes.includes(scope) &&
      !isAdministrationScope(scope) &&
      (!held.includes(scope) || subject.scope.includes(scope)) &&
      (!granted.includes(scope) || grant.scope.includes(scope)),
  );
  if (asked === undefined) return allowed;
  if (!isSubset(asked, allowed))
    throw new OAuthError('invalid_scope', 'The scope is more than this client may get by this exchange.', {
      reason: 'exchange.scope',
    });
  return asked;
}
