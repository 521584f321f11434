import { isNestedWithin, type EpochSeconds } from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';
import type { SecurityProfile } from './security-profile.js';

/** A `claims` parameter with a structured value of a claim in it nests less. */
const maxLevels = 12;

/** Claims of the JWT itself; every other one is a parameter of the request (RFC 9101 4). */
const claimsOfTheJwt = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sub']);

/** What a request object is checked against. */
export interface RequestObjectContext {
  /** The parameters beside it, each at most once: those of the query. */
  readonly outer: ReadonlyMap<string, string>;
  readonly clientId: string;
  readonly issuer: string;
  readonly now: EpochSeconds;
  /** True: only what the client signed counts, whatever the type of the JWT says. */
  readonly signedParametersOnly: boolean;
  /** Of the client. */
  readonly profile: Pick<SecurityProfile, 'clockSkewSeconds' | 'signedRequestObjects'>;
}

/**
 * The parameters of a request that came with a request object.
 *
 * In an OpenID request those of the query that the object does not name stay (OpenID Connect Core 6.1, 6.2.3). In any
 * other, and where the object says by its type that it is one of RFC 9101, what the client did not sign does not count.
 * @param jwt header and claims; its signature is the client's, verified already, or of `none` where it may be
 * @throws OAuthError invalid_request_object for another type of JWT, claims that are nested too deeply, another client's, one for another server, an
 *   expired one or one from the future, and where it contradicts the query or points to yet another request object
 * @see OpenID Connect Core 6.1, RFC 9101 4, 5, 6.3, 10.8
 */
export function requestObjectParameters(
  jwt: { readonly header: Readonly<Record<string, unknown>>; readonly claims: Readonly<Record<string, unknown>> },
  context: RequestObjectContext,
): ReadonlyMap<string, string> {
  const { outer, clientId } = context;
  if (!isNestedWithin(jwt.claims, maxLevels))
    throw invalid('The claims of the request object are nested too deeply.', 'request_object.nesting');
  const ofRfc9101 = checkType(jwt.header['typ']);
  checkClaims(jwt.claims, ofRfc9101, context);
  const inner = new Map<string, string>();
  for (const [name, value] of Object.entries(jwt.claims)) {
    const text = claimsOfTheJwt.has(name) ? undefined : textOf(name, value);
    // As in the query: a parameter without a value is as if left out (RFC 6749 3.1).
    if (text !== undefined && text !== '') inner.set(name, text);
  }
  for (const name of ['request', 'request_uri'])
    if (inner.has(name)) throw invalid('A request object has no other one in it.', 'request_object.nested');
  if ((inner.get('client_id') ?? clientId) !== clientId)
    throw invalid('The request object is of another client.', 'request_object.client_id');
  inner.set('client_id', clientId);

  if (ofRfc9101 || context.signedParametersOnly || !(outer.get('scope') ?? '').split(' ').includes('openid'))
    return inner;
  // OpenID Connect Core 6.1: the response_type stands in the query too, and is the same.
  const responseType = outer.get('response_type');
  if (inner.has('response_type') && inner.get('response_type') !== responseType)
    throw invalid('The response_type of the request object is another one.', 'request_object.response_type');
  const both = new Map([...outer, ...inner]);
  both.delete('request');
  both.delete('request_uri');
  return both;
}

/** @returns true where the JWT says that it is a request object (RFC 9101 10.8) */
function checkType(type: unknown): boolean {
  if (type === undefined) return false;
  const name = typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : '';
  if (name === 'oauth-authz-req+jwt') return true;
  // What is called a JWT and no more may be one of OpenID Connect, which knows no other name.
  if (name === 'jwt') return false;
  throw invalid('This is another kind of JWT than a request object.', 'request_object.typ');
}

function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  ofRfc9101: boolean,
  context: RequestObjectContext,
): void {
  const { clientId, issuer, now, profile } = context;
  const { iss, aud, exp, nbf, iat, sub } = claims;
  if (iss !== undefined && iss !== clientId)
    throw invalid('The request object was issued by somebody else.', 'request_object.iss');
  if (aud !== undefined && aud !== issuer && !(Array.isArray(aud) && aud.includes(issuer)))
    throw invalid('The request object is for another server.', 'request_object.aud');
  // RFC 9101 10.8: an assertion by which the client authenticates is no request object.
  if (!ofRfc9101 && sub !== undefined && sub === clientId)
    throw invalid('This is another kind of JWT than a request object.', 'request_object.assertion');
  if (exp !== undefined && !(isInstant(exp) && exp > now))
    throw invalid('The request object has expired.', 'request_object.expired');
  for (const instant of [nbf, iat])
    if (instant !== undefined && !(isInstant(instant) && instant <= now + profile.clockSkewSeconds))
      throw invalid('The request object is not valid yet.', 'request_object.too_early');
  if (profile.signedRequestObjects) checkSignedObject(claims, profile.signedRequestObjects, now);
}

/**
 * What a profile demands of every request object: for whom it is, and that it is young.
 * @see FAPI 2.0 Message Signing 5.3.1
 */
function checkSignedObject(
  { aud, exp, nbf }: Readonly<Record<string, unknown>>,
  { maxLifetimeSeconds }: { readonly maxLifetimeSeconds: number },
  now: EpochSeconds,
): void {
  if (aud === undefined) throw invalid('The request object needs an aud: the issuer.', 'request_object.aud_missing');
  if (!isInstant(exp)) throw invalid('The request object needs an exp.', 'request_object.exp_missing');
  if (!isInstant(nbf)) throw invalid('The request object needs an nbf.', 'request_object.nbf_missing');
  if (nbf < now - maxLifetimeSeconds)
    throw invalid('The nbf of the request object is more than an hour ago.', 'request_object.too_old');
  if (exp > nbf + maxLifetimeSeconds)
    throw invalid('The request object is valid for more than an hour.', 'request_object.lifetime');
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * RFC 9101 4: numbers and JSON objects (`claims`) stand as such, a list of resources as the query has them, with spaces
 * between (RFC 8707 2); undefined for what says nothing.
 */
function textOf(name: string, value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (name === 'resource' && Array.isArray(value) && value.every((each) => typeof each === 'string'))
    return value.join(' ');
  return value === null || value === undefined ? undefined : JSON.stringify(value);
}

function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_request_object', description, { reason });
}
