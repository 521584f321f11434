import { isNestedWithin, type EpochSeconds } from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';
import type { SecurityProfile } from './security-profile.js';

/** The nesting depth of a `claims` parameter with a structured claim value is lower. */
const maxLevels = 12;

/** Claims of the JWT itself; all others are request parameters (RFC 9101 4). */
const claimsOfTheJwt = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sub']);

/** The context for validating a request object. */
export interface RequestObjectContext {
  /** The query parameters, each at most once. */
  readonly outer: ReadonlyMap<string, string>;
  readonly clientId: string;
  readonly issuer: string;
  readonly now: EpochSeconds;
  /** True: only signed parameters are used, whatever the type of the JWT. */
  readonly signedParametersOnly: boolean;
  /** Of the client. */
  readonly profile: Pick<SecurityProfile, 'clockSkewSeconds' | 'signedRequestObjects'>;
}

/**
 * The parameters of a request with a request object.
 *
 * In an OpenID request, query parameters that are not in the object are kept (OpenID Connect Core 6.1, 6.2.3). In any other
 * request, and with a JWT type of RFC 9101, unsigned parameters are ignored.
 * @param jwt header and claims; the client's signature is already verified, or `alg` is `none` where allowed
 * @throws OAuthError invalid_request_object for another type of JWT, claims that are nested too deeply, another client, another
 *   audience, a time outside of its validity, and where it contradicts the query or refers to another request object
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
    // As in the query: a parameter without a value is treated as omitted (RFC 6749 3.1).
    if (text !== undefined && text !== '') inner.set(name, text);
  }
  for (const name of ['request', 'request_uri'])
    if (inner.has(name)) throw invalid('A request object must not contain another one.', 'request_object.nested');
  if ((inner.get('client_id') ?? clientId) !== clientId)
    throw invalid('The request object belongs to another client.', 'request_object.client_id');
  inner.set('client_id', clientId);

  if (ofRfc9101 || context.signedParametersOnly || !(outer.get('scope') ?? '').split(' ').includes('openid'))
    return inner;
  // OpenID Connect Core 6.1: the response_type must also be in the query, with the same value.
  const responseType = outer.get('response_type');
  if (inner.has('response_type') && inner.get('response_type') !== responseType)
    throw invalid(
      'The response_type of the request object differs from that of the request.',
      'request_object.response_type',
    );
  const both = new Map([...outer, ...inner]);
  both.delete('request');
  both.delete('request_uri');
  return both;
}

/** @returns true where the JWT is explicitly typed as a request object (RFC 9101 10.8) */
function checkType(type: unknown): boolean {
  if (type === undefined) return false;
  const name = typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : '';
  if (name === 'oauth-authz-req+jwt') return true;
  // `JWT` may be a request object of OpenID Connect, which defines no other type.
  if (name === 'jwt') return false;
  throw invalid('This JWT is not a request object.', 'request_object.typ');
}

function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  ofRfc9101: boolean,
  context: RequestObjectContext,
): void {
  const { clientId, issuer, now, profile } = context;
  const { iss, aud, exp, nbf, iat, sub } = claims;
  if (iss !== undefined && iss !== clientId)
    throw invalid('The request object has another issuer.', 'request_object.iss');
  if (aud !== undefined && aud !== issuer && !(Array.isArray(aud) && aud.includes(issuer)))
    throw invalid('The request object is for another server.', 'request_object.aud');
  // RFC 9101 10.8: a client assertion is not a request object.
  if (!ofRfc9101 && sub !== undefined && sub === clientId)
    throw invalid('This JWT is not a request object.', 'request_object.assertion');
  if (exp !== undefined && !(isInstant(exp) && exp > now))
    throw invalid('The request object has expired.', 'request_object.expired');
  for (const instant of [nbf, iat])
    if (instant !== undefined && !(isInstant(instant) && instant <= now + profile.clockSkewSeconds))
      throw invalid('The request object is not valid yet.', 'request_object.too_early');
  if (profile.signedRequestObjects) checkSignedObject(claims, profile.signedRequestObjects, now);
}

/**
 * The profile's requirements for request objects: the audience and a short validity.
 * @see FAPI 2.0 Message Signing 5.3.1
 */
function checkSignedObject(
  { aud, exp, nbf }: Readonly<Record<string, unknown>>,
  { maxLifetimeSeconds }: { readonly maxLifetimeSeconds: number },
  now: EpochSeconds,
): void {
  if (aud === undefined) throw invalid('The request object requires an aud: the issuer.', 'request_object.aud_missing');
  if (!isInstant(exp)) throw invalid('The request object requires an exp.', 'request_object.exp_missing');
  if (!isInstant(nbf)) throw invalid('The request object requires an nbf.', 'request_object.nbf_missing');
  if (nbf < now - maxLifetimeSeconds)
    throw invalid('The nbf of the request object is more than an hour ago.', 'request_object.too_old');
  if (exp > nbf + maxLifetimeSeconds)
    throw invalid('The request object is valid for more than an hour.', 'request_object.lifetime');
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * RFC 9101 4: numbers and JSON objects (`claims`) are JSON values. A list of resources is converted to the form of the query,
 * separated by spaces (RFC 8707 2). Undefined for unsupported values.
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
