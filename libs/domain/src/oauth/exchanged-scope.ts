import { OAuthError } from './oauth-error.js';
import { parseResourceParameter, type Resource } from './resource.js';
import { isAdministrationScope, isSubset, standardScopes, type Scope } from './scope.js';

/**
 * The values of `resource` and `audience`: both are identifiers of APIs.
 * @throws OAuthError invalid_target where both are missing
 * @see RFC 8693 2.1
 */
export function exchangeTargets(parameters: ReadonlyMap<string, string>): readonly string[] {
  const named = [parameters.get('resource'), parameters.get('audience')].flatMap((text) => text ?? []);
  const targets = parseResourceParameter(named.join(' '));
  if (targets.length === 0)
    throw new OAuthError('invalid_target', 'The resource is missing: it must identify the API that the token is for.', {
      reason: 'exchange.no_target',
    });
  return targets;
}

/** What limits the scope of an exchanged token. */
export interface ExchangeScopeContext {
  /** Of the client that exchanges. */
  readonly clientScope: Scope;
  /** The subject token. */
  readonly subject: { readonly scope: Scope; readonly audience: readonly string[] };
  /** The user's consent to the client that obtained the first token. */
  readonly grant: { readonly scope: Scope; readonly resources: readonly string[] };
  /** The APIs that the new token is for. */
  readonly resources: readonly Pick<Resource, 'identifier' | 'scopes'>[];
}

/**
 * The scope of the new token: within the client's scopes; at an API of the subject token no more than that token has, and at
 * an API in the user's consent no more than that, over any number of exchanges.
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
      // Scopes of this server's own endpoints: a token for an API has none of them.
      !standardScopes.includes(scope) &&
      !isAdministrationScope(scope) &&
      (!held.includes(scope) || subject.scope.includes(scope)) &&
      (!granted.includes(scope) || grant.scope.includes(scope)),
  );
  if (asked === undefined) return allowed;
  if (!isSubset(asked, allowed))
    throw new OAuthError('invalid_scope', 'The scope exceeds what this client may obtain by this exchange.', {
      reason: 'exchange.scope',
    });
  return asked;
}
