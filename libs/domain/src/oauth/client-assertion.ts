import { addSeconds, epochSeconds, type EpochSeconds } from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';

/** The only supported `client_assertion_type` (RFC 7523 2.2). */
export const jwtBearerAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Tolerated clock difference. */
const skewSeconds = 10;
/** Limited, because ids are stored until the assertion expires. */
const maxLifetimeSeconds = 3600;
const maxIdCharacters = 1000;

/** The `typ` of a client assertion is absent, JWT, or this (draft-ietf-oauth-rfc7523bis 8). */
const assertionTypes: readonly string[] = ['jwt', 'client-authentication+jwt'];

/**
 * Rejects a JWT of another type: a DPoP proof, a request object or a token for another recipient that is signed with the same
 * key is not a client assertion.
 * @param type the `typ` of its header
 * @throws OAuthError invalid_client
 * @see RFC 8725 3.11, RFC 7515 4.1.9 (case, and the prefix that may be omitted)
 */
export function checkClientAssertionType(type: unknown): void {
  if (type === undefined) return;
  if (typeof type !== 'string' || !assertionTypes.includes(type.toLowerCase().replace(/^application\//, '')))
    throw refused('The typ of a client assertion must be JWT or client-authentication+jwt.', 'typ');
}

/** What is stored of an assertion, so that it is accepted only once. */
export interface AssertionUse {
  readonly jti: string;
  /** When it is rejected as expired. */
  readonly expiresAt: EpochSeconds;
}

/**
 * Validates the claims of a client assertion whose signature is verified.
 * @param clientId the required `iss` and `sub`
 * @param audiences accepted values of `aud`: the issuer, the token endpoint, the called endpoint
 * @throws OAuthError invalid_client
 * @see RFC 7523 3, OpenID Connect Core 9
 */
export function checkClientAssertion(
  claims: Readonly<Record<string, unknown>>,
  context: { readonly clientId: string; readonly audiences: readonly string[]; readonly now: EpochSeconds },
): AssertionUse {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  const { now } = context;
  if (iss !== context.clientId || sub !== context.clientId)
    throw refused('The iss and the sub of a client assertion must be the client_id.', 'issuer');
  // With several audiences another recipient could use the assertion here.
  if (typeof aud !== 'string' || !context.audiences.includes(aud))
    throw refused(
      'The aud of a client assertion must be a single string: the issuer, or the URL of this endpoint.',
      'audience',
    );
  if (!isInstant(exp)) throw refused('A client assertion requires an exp.', 'exp');
  if (exp + skewSeconds <= now) throw refused('The client assertion has expired.', 'expired');
  if (exp > now + maxLifetimeSeconds + skewSeconds)
    throw refused('A client assertion must expire within an hour.', 'lifetime');
  if (nbf !== undefined && !(isInstant(nbf) && nbf <= now + skewSeconds))
    throw refused('The client assertion is not valid yet.', 'nbf');
  if (iat !== undefined && !(isInstant(iat) && iat <= now + skewSeconds))
    throw refused('The client assertion was issued in the future.', 'iat');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdCharacters)
    throw refused('A client assertion requires a unique jti.', 'jti');
  return { jti, expiresAt: addSeconds(epochSeconds(Math.floor(exp)), skewSeconds + 1) };
}

/** Seconds since 1970, possibly with a fraction (RFC 7519 2). */
function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function refused(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', description, { reason: `client_assertion.${reason}` });
}
