import { OAuthError } from './oauth-error.js';
import { resourceIdentifierProblem } from './resource-identifier.js';

/** RFC 8693 2.1 */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Token type identifiers (RFC 8693 3). */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt';

/** What an administrator lets a client exchange people's tokens for. */
export interface ExchangeRule {
  /** Identifier of the API that it gets tokens for. */
  readonly resource: string;
  /**
   * `delegation`: the token says who acts for the person, in `act`. `impersonation`: it does not, and the API sees the
   * person alone.
   * @see RFC 8693 1.1
   */
  readonly mode: 'delegation' | 'impersonation';
}

/** Who acts, and for whom that one acted before (RFC 8693 4.1): the newest outermost. */
export interface Actor {
  readonly sub: string;
  readonly act?: Actor | undefined;
}

const maxRules = 50;
/** So many may stand behind one another. */
export const maxActors = 5;

/**
 * Reads rules as people write them: the API's identifier, and `impersonation` where it is that.
 * @returns what is wrong, of the first line that is
 */
export function parseExchangeRules(
  lines: readonly string[],
): { readonly rules: readonly ExchangeRule[] } | { readonly problem: string } {
  const rules = new Map<string, ExchangeRule>();
  for (const line of lines) {
    const [resource = '', mode = 'delegation', ...rest] = line.trim().split(/\s+/);
    if (resource === '') continue;
    if ((mode !== 'delegation' && mode !== 'impersonation') || rest.length > 0)
      return { problem: 'After the identifier comes delegation or impersonation, or nothing.' };
    if (resourceIdentifierProblem(resource) !== undefined)
      return { problem: `${JSON.stringify(resource.slice(0, 60))} is no identifier of an API.` };
    rules.set(resource, { resource, mode });
  }
  if (rules.size > maxRules) return { problem: `A client has rules for at most ${maxRules} APIs.` };
  return { rules: [...rules.values()] };
}

export function formatExchangeRule({ resource, mode }: ExchangeRule): string {
  return mode === 'delegation' ? resource : `${resource} ${mode}`;
}

/**
 * That the tokens of a request are of kinds that we know.
 * @throws OAuthError invalid_request
 * @see RFC 8693 2.1
 */
export function checkExchangeRequest(parameters: ReadonlyMap<string, string>): {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  /** What the client will take; undefined: whatever the API takes. */
  readonly requestedType: string | undefined;
} {
  const subjectToken = parameters.get('subject_token');
  if (subjectToken === undefined) throw invalid('The subject_token is missing.', 'exchange.subject_missing');
  checkType(parameters.get('subject_token_type'), 'subject_token_type');
  const actorToken = parameters.get('actor_token');
  const actorType = parameters.get('actor_token_type');
  if ((actorToken === undefined) !== (actorType === undefined))
    throw invalid('The actor_token and the actor_token_type come together.', 'exchange.actor_type');
  if (actorToken !== undefined) checkType(actorType, 'actor_token_type');
  const requestedType = parameters.get('requested_token_type');
  if (requestedType !== undefined) checkType(requestedType, 'requested_token_type');
  return { subjectToken, actorToken, requestedType };
}

/**
 * The rules of a client for these APIs, in their order.
 * @throws OAuthError invalid_target for an API that the client has no rule for (RFC 8693 2.2.2)
 */
export function exchangeRulesFor(targets: readonly string[], rules: readonly ExchangeRule[]): readonly ExchangeRule[] {
  return targets.map((target) => {
    const rule = rules.find(({ resource }) => resource === target);
    if (!rule)
      throw new OAuthError('invalid_target', 'This client may not exchange tokens for this resource.', {
        reason: 'exchange.not_allowed',
      });
    return rule;
  });
}

/** A token that a request shows as the actor's. */
export interface ActorToken {
  readonly clientId: string;
  readonly userId: string | undefined;
  /** Thumbprint of the key that it is bound to. */
  readonly dpopJkt: string | undefined;
}

/**
 * That an actor_token may be used: it is a live token of the client that exchanges, and where it is bound to a key, the
 * request proves that key.
 * @param token undefined: it is no live token
 * @throws OAuthError invalid_request
 * @see RFC 8693 2.1, RFC 9449 5
 */
export function checkActorToken<T extends ActorToken>(
  token: T | undefined,
  clientId: string,
  dpopJkt: string | undefined,
): T {
  if (!token || token.clientId !== clientId)
    throw invalid('The actor_token is not a live token of this client.', 'exchange.actor_unknown');
  if (token.dpopJkt !== undefined && token.dpopJkt !== dpopJkt)
    throw invalid('The actor_token is bound to a key: send a DPoP proof of it.', 'exchange.actor_dpop_jkt');
  return token;
}

/** Whether the new token says who acts: at one of its APIs a rule wants it. */
export function isDelegated(rules: readonly ExchangeRule[]): boolean {
  return rules.some(({ mode }) => mode === 'delegation');
}

/**
 * The chain of who acts with a new one in front.
 * @throws OAuthError invalid_request where it would be longer than {@link maxActors}
 */
export function actorBefore(sub: string, before: Actor | undefined): Actor {
  let depth = 1;
  for (let actor = before; actor !== undefined; actor = actor.act) depth += 1;
  if (depth > maxActors)
    throw invalid(`At most ${maxActors} may act one behind the other.`, 'exchange.too_many_actors');
  return before === undefined ? { sub } : { sub, act: before };
}

function checkType(type: string | undefined, parameter: string): void {
  if (type !== accessTokenType && type !== jwtType)
    throw invalid(
      `The ${parameter} is ${type === undefined ? 'missing' : 'not supported'}: it is ${accessTokenType} or ${jwtType}.`,
      'exchange.token_type',
    );
}

function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', description, { reason });
}
