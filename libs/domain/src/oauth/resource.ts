import { jwsAlgorithms, type JwsAlgorithm } from '../jose/index.js';
import type { EpochSeconds } from '../kernel/index.js';
import type { FieldProblem } from './client.js';
import { OAuthError } from './oauth-error.js';
import { resourceIdentifierProblem } from './resource-identifier.js';
import { isAdministrationScope, isScopeToken, standardScopes, type Scope } from './scope.js';

/** A scope of an API and its description on the consent page. */
export interface ResourceScope {
  readonly name: string;
  readonly sentence: string;
}

/** `jwt`: RFC 9068, validated by the API. `opaque`: validated by introspection (RFC 7662). */
export const tokenFormats = ['jwt', 'opaque'] as const;
export type TokenFormat = (typeof tokenFormats)[number];

/**
 * `consent`: any client with a user's consent; without a user only clients that an administrator allows.
 * `anyone`: also clients that registered themselves, without a user.
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
  /** Of its access tokens; undefined: the server's default. */
  readonly accessTokenLifetimeSeconds?: number | undefined;
  readonly access: ResourceAccess;
  /** The client whose credentials the API uses for introspection; undefined if there is none. */
  readonly clientId?: string | undefined;
  readonly createdAt: EpochSeconds;
}

/** An API from a form or a command, not validated. */
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
 * Validates an API.
 * @returns the resource, or all problems by the draft's members (`scopes.2` for an entry)
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
  if (name === '') say('name', 'Enter a name. People see it when they sign in.');
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
    else if (seen.has(scope)) say(`scopes.${index}`, 'This scope is listed twice.');
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
 * Whether a change of an API requires a recent sign-in: tokens would be for another URL, for more scopes or clients, valid for
 * longer or without introspection, or the consent page would read differently. A change that only narrows does not.
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

/** Without its own lifetime an API uses the server's default, which may be longer or shorter than a given one. */
function lengthensLifetime(after: number | undefined, before: number | undefined): boolean {
  if (after === before) return false;
  return after === undefined || before === undefined || after > before;
}

/** The target of one access token. */
export interface Target {
  /** Identifiers of resources; empty: this server's own endpoints. */
  readonly audience: readonly string[];
  readonly scope: Scope;
  readonly format: TokenFormat;
  /** Of a JWT. */
  readonly algorithm: JwsAlgorithm;
  /** Undefined: the server's default. */
  readonly lifetimeSeconds: number | undefined;
}

/**
 * The access token for these resources: one token for all of them, with the part of the scope that applies there (RFC 9068
 * 2.2.3). Without a resource it is opaque and for this server's own endpoints.
 * @throws OAuthError invalid_target where the resources require different kinds of tokens
 * @see RFC 8707 2.2
 */
export function targetOf(resources: readonly Resource[], scope: Scope): Target {
  const [first, ...rest] = resources;
  if (!first) return { audience: [], scope, format: 'opaque', algorithm: 'ES256', lifetimeSeconds: undefined };
  if (rest.some((each) => each.tokenFormat !== first.tokenFormat || each.signingAlgorithm !== first.signingAlgorithm))
    throw new OAuthError(
      'invalid_target',
      'These resources require different kinds of tokens: request one at a time.',
      {
        reason: 'resource.mixed',
      },
    );
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
 * Parses the `resource` parameter: absolute URIs without fragment, separated by spaces if it was repeated.
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
 * The resources of a token request: those requested, which must all be granted; by default all granted ones.
 * @throws OAuthError invalid_target
 * @see RFC 8707 2.2
 */
export function narrowResources(granted: readonly string[], asked: readonly string[]): readonly string[] {
  if (asked.length === 0) return granted;
  if (!asked.every((each) => granted.includes(each)))
    throw new OAuthError('invalid_target', 'The resource was not granted.', {
      reason: 'resource.not_granted',
    });
  return asked;
}

function oneOf<T extends string>(known: readonly T[], value: string): T | undefined {
  return known.find((candidate) => candidate === value);
}
