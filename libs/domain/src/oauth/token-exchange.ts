import { OAuthError } from './oauth-error.js';
import { resourceIdentifierProblem } from './resource-identifier.js';

/** RFC 8693 2.1 */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Token type identifiers (RFC 8693 3). */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt';

/** A permission for a client to exchange users' tokens, granted by an administrator. */
export interface ExchangeRule {
  /** Identifier of the API for which it obtains tokens. */
  readonly resource: string;
  /**
   * `delegation`: the token identifies the actor in `act`. `impersonation`: it does not, and the API only sees the user.
   * @see RFC 8693 1.1
   */
  readonly mode: 'delegation' | 'impersonation';
}

/** The actor and the previous actors (RFC 8693 4.1), newest outermost. */
export interface Actor {
  readonly sub: string;
  readonly act?: Actor | undefined;
}

const maxRules = 50;
/** Maximum length of a chain of actors. */
export const maxActors = 5;

/**
 * Parses rules as users type them: the API's identifier, and `impersonation` if applicable.
 * @returns the rules, or the problem of the first invalid line
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
      return { problem: `${JSON.stringify(resource.slice(0, 60))} is not the identifier of an API.` };
    rules.set(resource, { resource, mode });
  }
  if (rules.size > maxRules) return { problem: `A client has rules for at most ${maxRules} APIs.` };
  return { rules: [...rules.values()] };
}

export function formatExchangeRule({ resource, mode }: ExchangeRule): string {
  return mode === 'delegation' ? resource : `${resource} ${mode}`;
}

/**
 * Checks that the token types of a request are supported.
 * @throws OAuthError invalid_request
 * @see RFC 8693 2.1
 */
export function checkExchangeRequest(parameters: ReadonlyMap<string, string>): {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  /** The requested token type; undefined: that of the API. */
  readonly requestedType: string | undefined;
} {
  const subjectToken = parameters.get('subject_token');
  if (subjectToken === undefined) throw invalid('The subject_token is missing.', 'exchange.subject_missing');
  checkType(parameters.get('subject_token_type'), 'subject_token_type');
  const actorToken = parameters.get('actor_token');
  const actorType = parameters.get('actor_token_type');
  if ((actorToken === undefined) !== (actorType === undefined))
    throw invalid('The actor_token and the actor_token_type must be sent together.', 'exchange.actor_type');
  if (actorToken !== undefined) checkType(actorType, 'actor_token_type');
  const requestedType = parameters.get('requested_token_type');
  if (requestedType !== undefined) checkType(requestedType, 'requested_token_type');
  return { subjectToken, actorToken, requestedType };
}

/**
 * The rules of a client for these APIs, in their order.
 * @throws OAuthError invalid_target for an API without a rule (RFC 8693 2.2.2)
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

/** The actor token of a request. */
export interface ActorToken {
  readonly clientId: string;
  readonly userId: string | undefined;
  /** Thumbprint of the key to which it is bound. */
  readonly dpopJkt: string | undefined;
}

/**
 * Checks that an actor_token may be used: it is a valid token of the client that exchanges, and if it is bound to a key, the
 * request has a proof of that key.
 * @param token undefined: it is not a valid token
 * @throws OAuthError invalid_request
 * @see RFC 8693 2.1, RFC 9449 5
 */
export function checkActorToken<T extends ActorToken>(
  token: T | undefined,
  clientId: string,
  dpopJkt: string | undefined,
): T {
  if (!token || token.clientId !== clientId)
    throw invalid('The actor_token is not a valid token of this client.', 'exchange.actor_unknown');
  if (token.dpopJkt !== undefined && token.dpopJkt !== dpopJkt)
    throw invalid('The actor_token is bound to a key: send a DPoP proof of it.', 'exchange.actor_dpop_jkt');
  return token;
}

/** Whether the new token identifies the actor: a rule for one of its APIs requires it. */
export function isDelegated(rules: readonly ExchangeRule[]): boolean {
  return rules.some(({ mode }) => mode === 'delegation');
}

/**
 * The chain of actors with a new one in front.
 * @throws OAuthError invalid_request where it would be longer than {@link maxActors}
 */
export function prependActor(sub: string, before: Actor | undefined): Actor {
  let depth = 1;
  for (let actor = before; actor !== undefined; actor = actor.act) depth += 1;
  if (depth > maxActors)
    throw invalid(`A chain of actors has at most ${maxActors} members.`, 'exchange.too_many_actors');
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
