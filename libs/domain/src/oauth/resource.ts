import { jwsAlgorithms, type JwsAlgorithm } from '../jose/index.js';
import type { EpochSeconds } from '../kernel/index.js';
import type { FieldProblem } from './client.js';
import { OAuthError } from './oauth-error.js';
import { resourceIdentifierProblem } from './resource-identifier.js';
import { isAdministrationScope, isScopeToken, standardScopes, type Scope } from './scope.js';

/** One thing that an API lets clients do, and what the consent page says of it. */
export interface ResourceScope {
  readonly name: string;
  readonly sentence: string;
}

/** `jwt`: RFC 9068, checked by the API itself. `opaque`: the API asks us (RFC 7662). */
export const tokenFormats = ['jwt', 'opaque'] as const;
export type TokenFormat = (typeof tokenFormats)[number];

/**
 * `consent`: any client through a person's consent; for itself only a client that an administrator lets.
 * `anyone`: also a client that registered itself, for itself.
 */
export const resourceAccess = ['consent', 'anyone'] as const;
export type ResourceAccess = (typeof resourceAccess)[number];

/** An API that access tokens are for (RFC 8707: a resource). */
export interface Resource {
  readonly id: string;
  /** The `resource` of requests and the `aud` of tokens: an absolute URI without fragment (RFC 8707 2). */
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly ResourceScope[];
  readonly tokenFormat: TokenFormat;
  /** Of JWT access tokens. */
  readonly signingAlgorithm: JwsAlgorithm;
  /** Of its access tokens; undefined means the server's. */
  readonly accessTokenLifetimeSeconds?: number | undefined;
  readonly access: ResourceAccess;
  /** The client by whose credentials the API asks about tokens; undefined where it has none. */
  readonly clientId?: string | undefined;
  readonly createdAt: EpochSeconds;
}

/** What a form or a command says of an API: unchecked. */
export interface ResourceDraft {
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly ResourceScope[];
  readonly tokenFormat?: string | undefined;
  readonly signingAlgorithm?: string | undefined;
  readonly accessTokenLifetimeSeconds?: number | undefined;
  readonly access?: string | undefined;
}

const maxScopes = 100;
const maxSentenceCharacters = 300;
const maxLifetimeSeconds = 86_400 * 365;

/**
 * Checks an API as a whole.
 * @returns the resource, or everything that is wrong at once, by the draft's members (`scopes.2` for a row)
 * @see RFC 8707 2, RFC 9068 2
 */
export function checkResource(
  draft: ResourceDraft & Pick<Resource, 'id' | 'createdAt' | 'clientId'>,
): { readonly resource: Resource } | { readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const say = (field: string, message: string): void => void problems.push({ field, message });

  const identifierProblem = resourceIdentifierProblem(draft.identifier);
  if (identifierProblem) say('identifier', identifierProblem);
  const name = draft.name.trim();
  if (name === '') say('name', 'Enter a name: people read it on the consent page.');
  else if (name.length > 200) say('name', 'A name has at most 200 characters.');
  else if (/[\p{Cc}\p{Cf}]/u.test(name)) say('name', 'A name has no control characters.');
  if (draft.scopes.length > maxScopes) say('scopes', `An API has at most ${maxScopes} scopes.`);
  const scopes = draft.scopes.slice(0, maxScopes);
  const seen = new Set<string>();
  scopes.forEach(({ name: scope, sentence }, index) => {
    if (!isScopeToken(scope))
      say(`scopes.${index}`, 'A scope is printable ASCII without spaces, quotes and backslashes (RFC 6749 3.3).');
    else if (standardScopes.includes(scope) || isAdministrationScope(scope))
      say(`scopes.${index}`, `The scope ${scope} belongs to this server itself.`);
    else if (seen.has(scope)) say(`scopes.${index}`, 'This scope stands here twice.');
    seen.add(scope);
    if (sentence.length > maxSentenceCharacters)
      say(`scopes.${index}`, `A sentence has at most ${maxSentenceCharacters} characters.`);
    else if (/[\p{Cc}\p{Cf}]/u.test(sentence)) say(`scopes.${index}`, 'A sentence has no control characters.');
  });
  const tokenFormat = oneOf(tokenFormats, draft.tokenFormat ?? 'jwt');
  if (!tokenFormat) say('tokenFormat', `Choose one of ${tokenFormats.join(', ')}.`);
  const signingAlgorithm = oneOf(jwsAlgorithms, draft.signingAlgorithm ?? 'ES256');
  if (!signingAlgorithm) say('signingAlgorithm', `Choose one of ${jwsAlgorithms.join(', ')}.`);
  const access = oneOf(resourceAccess, draft.access ?? 'consent');
  if (!access) say('access', `Choose one of ${resourceAccess.join(', ')}.`);
  const { accessTokenLifetimeSeconds: lifetime } = draft;
  if (lifetime !== undefined && !(Number.isSafeInteger(lifetime) && lifetime >= 1 && lifetime <= maxLifetimeSeconds))
    say('accessTokenLifetimeSeconds', `A whole number of seconds between 1 and ${maxLifetimeSeconds}.`);

  if (problems.length > 0 || !tokenFormat || !signingAlgorithm || !access) return { problems };
  return {
    resource: {
      id: draft.id,
      identifier: draft.identifier,
      name,
      scopes: scopes.map(({ name: scope, sentence }) => ({ name: scope, sentence: sentence.trim() })),
      tokenFormat,
      signingAlgorithm,
      accessTokenLifetimeSeconds: lifetime,
      access,
      clientId: draft.clientId,
      createdAt: draft.createdAt,
    },
  };
}

/**
 * Whether an edit of an API needs a recent sign-in: tokens would be for another address, for more scopes or clients, valid
 * for longer or without introspection, or people would consent by other words. An edit that only narrows needs none.
 */
export function needsRecentSignIn(draft: ResourceDraft, before: Resource): boolean {
  return (
    draft.identifier !== before.identifier ||
    draft.name.trim() !== before.name ||
    !draft.scopes.every((scope) => isDefinedAs(scope, before)) ||
    ((draft.access ?? 'consent') === 'anyone' && before.access !== 'anyone') ||
    ((draft.tokenFormat ?? 'jwt') === 'jwt' && before.tokenFormat !== 'jwt') ||
    lengthensLifetime(draft.accessTokenLifetimeSeconds, before.accessTokenLifetimeSeconds)
  );
}

function isDefinedAs({ name, sentence }: ResourceDraft['scopes'][number], { scopes }: Resource): boolean {
  return scopes.some((each) => each.name === name && each.sentence === sentence.trim());
}

/** Without a lifetime of its own an API has the server's, which a new one may exceed, and the other way round. */
function lengthensLifetime(after: number | undefined, before: number | undefined): boolean {
  if (after === before) return false;
  return after === undefined || before === undefined || after > before;
}

/** What one access token is for. */
export interface Target {
  /** Identifiers of resources; empty: this server's own endpoints. */
  readonly audience: readonly string[];
  readonly scope: Scope;
  readonly format: TokenFormat;
  /** Of a JWT. */
  readonly algorithm: JwsAlgorithm;
  /** Undefined: the server's. */
  readonly lifetimeSeconds: number | undefined;
}

/**
 * The access token for these resources: one token for all of them, with that part of the scope that means something
 * there (RFC 9068 2.2.3). Without a resource it is opaque and for this server's own endpoints.
 * @throws OAuthError invalid_target where they want tokens of different kinds
 * @see RFC 8707 2.2
 */
export function targetOf(resources: readonly Resource[], scope: Scope): Target {
  const [first, ...rest] = resources;
  if (!first) return { audience: [], scope, format: 'opaque', algorithm: 'ES256', lifetimeSeconds: undefined };
  if (rest.some((each) => each.tokenFormat !== first.tokenFormat || each.signingAlgorithm !== first.signingAlgorithm))
    throw new OAuthError('invalid_target', 'These resources take tokens of different kinds: ask for one at a time.', {
      reason: 'resource.mixed',
    });
  const known = new Set(resources.flatMap((resource) => resource.scopes.map(({ name }) => name)));
  const lifetimes = resources.flatMap((resource) => resource.accessTokenLifetimeSeconds ?? []);
  return {
    audience: resources.map(({ identifier }) => identifier),
    scope: scope.filter((each) => known.has(each)),
    format: first.tokenFormat,
    algorithm: first.signingAlgorithm,
    lifetimeSeconds: lifetimes.length > 0 ? Math.min(...lifetimes) : undefined,
  };
}

const maxRequested = 10;

/**
 * Reads the `resource` parameter: absolute URIs without fragment, with spaces between where it came several times.
 * @throws OAuthError invalid_target
 * @see RFC 8707 2
 */
export function parseResourceParameter(text: string | undefined): readonly string[] {
  if (text === undefined) return none;
  const asked = [...new Set(text.split(' ').filter((value) => value !== ''))];
  if (asked.length > maxRequested || asked.some((value) => resourceIdentifierProblem(value) !== undefined))
    throw new OAuthError('invalid_target', 'The resource is malformed.', { reason: 'resource.malformed' });
  return asked;
}

const none: readonly string[] = [];

/**
 * The resources of a token request: those asked for, all of which the grant has; else all that the grant has.
 * @throws OAuthError invalid_target
 * @see RFC 8707 2.2
 */
export function narrowResources(granted: readonly string[], asked: readonly string[]): readonly string[] {
  if (asked.length === 0) return granted;
  if (!asked.every((each) => granted.includes(each)))
    throw new OAuthError('invalid_target', 'The resource is not one that was granted.', {
      reason: 'resource.not_granted',
    });
  return asked;
}

function oneOf<T extends string>(known: readonly T[], value: string): T | undefined {
  return known.find((candidate) => candidate === value);
}
