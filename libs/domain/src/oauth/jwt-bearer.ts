import { readKeySet } from '../jose/index.js';
import type { JwkSet } from './client-property-checks.js';
import { addSeconds, epochSeconds, hasWrittenHost, type EpochSeconds } from '../kernel/index.js';
import type { FieldProblem } from './client.js';
import { isLoopbackHost } from './redirect-uri.js';
import { OAuthError } from './oauth-error.js';
import type { Resource } from './resource.js';
import { resourceIdentifierProblem } from './resource-identifier.js';
import { isAdministrationScope, isScopeToken, standardScopes, type Scope } from './scope.js';

/** The grant type for JWT assertions of other issuers (RFC 7523 2.1). */
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What the `sub` of an assertion identifies a user by. An e-mail address must be verified. */
export const subjectKinds = ['username', 'email', 'id'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** A server whose assertions about users are accepted. */
export interface TrustedIssuer {
  readonly id: string;
  /** The `iss` of its assertions. */
  readonly issuer: string;
  readonly name: string;
  /** Its public keys: either the URL or the set. */
  readonly jwksUri?: string | undefined;
  readonly jwks?: JwkSet | undefined;
  readonly subject: SubjectKind;
  /** The clients that may present its assertions, by `client_id`. */
  readonly clients: readonly string[];
  /** Maximum scope of tokens for its assertions, within the client's scopes. */
  readonly scope: Scope;
  /** Identifiers of the APIs that those tokens may be for; empty: see {@link checkAssertionResources}. */
  readonly resources: readonly string[];
  readonly createdAt: EpochSeconds;
}

/** An issuer from a form or a command, not validated. */
export interface TrustedIssuerDraft {
  readonly issuer: string;
  readonly name: string;
  readonly jwksUri?: string | undefined;
  readonly jwks?: Readonly<Record<string, unknown>> | undefined;
  readonly subject: string;
  readonly clients: readonly string[];
  readonly scope: readonly string[];
  readonly resources?: readonly string[] | undefined;
}

const maxClients = 100;
const maxScopes = 100;
const maxResources = 100;

/**
 * Validates a trusted issuer.
 * @returns the issuer, or all problems by the draft's members (`scope.2` for an entry)
 * @see RFC 7523 3
 */
export function checkTrustedIssuer(
  draft: TrustedIssuerDraft & Pick<TrustedIssuer, 'id' | 'createdAt'>,
): { readonly trusted: TrustedIssuer } | { readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const say = (field: string, message: string): void => void problems.push({ field, message });
  const issuer = draft.issuer.trim();
  if (!/^[\x21-\x7e]{1,300}$/.test(issuer))
    say('issuer', 'Enter the address of the issuer (iss): no spaces, at most 300 characters.');
  const name = draft.name.trim();
  if (name === '') say('name', 'Enter a name.');
  else if (name.length > 200 || /[\p{Cc}\p{Cf}]/u.test(name))
    say('name', 'At most 200 characters, and no control characters.');
  const jwksUri = draft.jwksUri?.trim() || undefined;
  if (jwksUri !== undefined && draft.jwks !== undefined)
    say('jwksUri', 'Enter either the URL of its keys or the keys themselves.');
  else if (jwksUri === undefined && draft.jwks === undefined) say('jwksUri', 'Enter its public keys or their URL.');
  if (jwksUri !== undefined && !isKeyAddress(jwksUri)) say('jwksUri', 'An https address.');
  if (draft.jwks !== undefined && (readKeySet(draft.jwks) ?? []).length === 0)
    say('jwks', 'This is not a set of public keys (RFC 7517 5).');
  const subject = subjectKinds.find((each) => each === draft.subject);
  if (!subject) say('subject', `Choose one of ${subjectKinds.join(', ')}.`);
  const clients = [...new Set(draft.clients.map((each) => each.trim()).filter((each) => each !== ''))];
  if (clients.length === 0) say('clients', 'Choose at least one client: only these may present its assertions.');
  if (clients.length > maxClients) say('clients', `At most ${maxClients} clients.`);
  if (clients.some((each) => !/^[\x21-\x7e]{1,200}$/.test(each))) say('clients', 'One of these is not a client_id.');
  const scope = [...new Set(draft.scope.filter((each) => each !== ''))];
  if (scope.length === 0) say('scope', 'Enter at least one scope.');
  if (scope.length > maxScopes) say('scope', `At most ${maxScopes} scopes.`);
  for (const each of scope.slice(0, maxScopes))
    if (!isScopeToken(each))
      say('scope', 'A scope is printable ASCII without spaces, quotes and backslashes (RFC 6749 3.3).');
    else if (standardScopes.includes(each) || isAdministrationScope(each))
      say('scope', `${each} belongs to this server itself and cannot be granted by another issuer.`);
  const resources = [...new Set((draft.resources ?? []).filter((each) => each !== ''))];
  if (resources.length > maxResources) say('resources', `At most ${maxResources} APIs.`);
  const badIdentifier = resources.slice(0, maxResources).flatMap((each) => resourceIdentifierProblem(each) ?? []);
  if (badIdentifier[0] !== undefined) say('resources', badIdentifier[0]);
  if (problems.length > 0 || !subject) return { problems };
  const { id, createdAt } = draft;
  // Its structure is validated above.
  const jwks = draft.jwks as JwkSet | undefined;
  return { trusted: { id, issuer, name, jwksUri, jwks, subject, clients, scope, resources, createdAt } };
}

function isKeyAddress(text: string): boolean {
  if (text.length > 2000 || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '' || !hasWrittenHost(text)) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

/** Tolerated clock difference. */
const skewSeconds = 10;
/** Limited, because ids are stored until the assertion expires. */
const maxLifetimeSeconds = 3600;

/** The claims of an assertion that are used. */
export interface AssertedSubject {
  readonly sub: string;
  readonly jti: string;
  /** When it is rejected as expired. */
  readonly expiresAt: EpochSeconds;
  /** When the user signed in according to the issuer, which may be long before the assertion was issued. */
  readonly authTime: EpochSeconds | undefined;
}

/**
 * Validates the claims of an assertion whose signature is verified.
 * @param audiences accepted values of `aud`: this server's issuer, its token endpoint
 * @throws OAuthError invalid_grant (RFC 7523 3.1)
 * @see RFC 7523 3
 */
export function checkBearerAssertion(
  claims: Readonly<Record<string, unknown>>,
  { audiences, now }: { readonly audiences: readonly string[]; readonly now: EpochSeconds },
): AssertedSubject {
  const { sub, exp, nbf, iat, jti, auth_time: authTime } = claims;
  const aud =
    Array.isArray(claims['aud']) && claims['aud'].length === 1 ? (claims['aud'] as unknown[])[0] : claims['aud'];
  if (typeof sub !== 'string' || sub === '' || sub.length > 300) throw invalidAssertion('It has no sub.', 'sub');
  // With several audiences, each of them could present the assertion here.
  if (typeof aud !== 'string' || !audiences.includes(aud))
    throw invalidAssertion('Its aud must be this server only.', 'audience');
  if (!isInstant(exp)) throw invalidAssertion('It has no exp.', 'exp');
  if (exp + skewSeconds <= now) throw invalidAssertion('It has expired.', 'expired');
  if (exp > now + maxLifetimeSeconds + skewSeconds)
    throw invalidAssertion('It is valid for more than an hour.', 'lifetime');
  if (nbf !== undefined && !(isInstant(nbf) && nbf <= now + skewSeconds))
    throw invalidAssertion('It is not valid yet.', 'nbf');
  if (iat !== undefined && !(isInstant(iat) && iat <= now + skewSeconds))
    throw invalidAssertion('It was issued in the future.', 'iat');
  if (authTime !== undefined && !(isInstant(authTime) && authTime <= now + skewSeconds))
    throw invalidAssertion('Its auth_time is not in the past.', 'auth_time');
  if (typeof jti !== 'string' || jti === '' || jti.length > 1000) throw invalidAssertion('It has no jti.', 'jti');
  return {
    sub,
    jti,
    expiresAt: addSeconds(epochSeconds(Math.floor(exp)), skewSeconds + 1),
    authTime: authTime === undefined ? undefined : epochSeconds(Math.floor(authTime)),
  };
}

/**
 * Checks the APIs of a token request with an assertion. A scope belongs to the API that defines it: where several define the
 * same name, an administrator decides which of them the issuer's clients may request.
 * @param apis all registered APIs
 * @throws OAuthError invalid_target
 * @see RFC 8707 2, RFC 7523 2.1
 */
export function checkAssertionResources(
  asked: readonly string[],
  scope: Scope,
  { resources }: Pick<TrustedIssuer, 'resources'>,
  apis: readonly Pick<Resource, 'identifier' | 'scopes'>[],
): void {
  const definersOf = (name: string): readonly string[] =>
    apis.filter(({ scopes }) => scopes.some((each) => each.name === name)).map(({ identifier }) => identifier);
  const definers = scope.map(definersOf);
  for (const identifier of asked) {
    const ofIt = definers.filter((each) => each.includes(identifier));
    const isAllowed =
      resources.length > 0
        ? resources.includes(identifier)
        : ofIt.length > 0 && ofIt.every((each) => each.length === 1);
    if (!isAllowed)
      throw new OAuthError('invalid_target', 'Assertions of this issuer are not accepted for this resource.', {
        reason: 'assertion.resource',
      });
  }
}

/** @param sentence the problem, in ASCII */
export function invalidAssertion(sentence: string, reason: string): OAuthError {
  return new OAuthError('invalid_grant', `The assertion is not accepted. ${sentence}`, {
    reason: `assertion.${reason}`,
  });
}

/** Seconds since 1970, possibly with a fraction (RFC 7519 2). */
function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
