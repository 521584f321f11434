import { addSeconds, epochSeconds, type EpochSeconds } from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';

/** The one `client_assertion_type` (RFC 7523 2.2). */
export const jwtBearerAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** How far a client's clock may be off. */
const skewSeconds = 10;
/** Ids are kept until the assertion expires: it is bounded. */
const maxLifetimeSeconds = 3600;
const maxIdCharacters = 1000;

/** Of a client assertion `typ` says nothing, that it is a JWT, or what kind (draft-ietf-oauth-rfc7523bis 8). */
const assertionTypes: readonly string[] = ['jwt', 'client-authentication+jwt'];

/**
 * Refuses a JWT that says it is of another kind: a DPoP proof, a request object or a token for somebody else, signed with
 * the same key, is no client assertion.
 * @param type the `typ` of its header
 * @throws OAuthError invalid_client
 * @see RFC 8725 3.11, RFC 7515 4.1.9 (case, and the prefix that may be left out)
 */
export function checkClientAssertionType(type: unknown): void {
  if (type === undefined) return;
  if (typeof type !== 'string' || !assertionTypes.includes(type.toLowerCase().replace(/^application\//, '')))
    throw refused('The typ of a client assertion is JWT or client-authentication+jwt.', 'typ');
}

/** What is remembered of an assertion, so that it is used once. */
export interface AssertionUse {
  readonly jti: string;
  /** From when on it is refused for its age. */
  readonly expiresAt: EpochSeconds;
}

/**
 * Checks the claims of a client's assertion, whose signature is the client's.
 * @param clientId `iss` and `sub` name it
 * @param audiences what may stand in `aud`: the issuer, the token endpoint, the endpoint that was called
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
    throw refused('The iss and the sub of a client assertion are the client_id.', 'issuer');
  // A list would make the assertion good for somebody else too, who could then use it here.
  if (typeof aud !== 'string' || !context.audiences.includes(aud))
    throw refused(
      'The aud of a client assertion is one text: the issuer, or the address of this endpoint.',
      'audience',
    );
  if (!isInstant(exp)) throw refused('A client assertion has an exp.', 'exp');
  if (exp + skewSeconds <= now) throw refused('The client assertion has expired.', 'expired');
  if (exp > now + maxLifetimeSeconds + skewSeconds)
    throw refused('A client assertion expires within an hour.', 'lifetime');
  if (nbf !== undefined && !(isInstant(nbf) && nbf <= now + skewSeconds))
    throw refused('The client assertion is not valid yet.', 'nbf');
  if (iat !== undefined && !(isInstant(iat) && iat <= now + skewSeconds))
    throw refused('The client assertion was issued in the future.', 'iat');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdCharacters)
    throw refused('A client assertion has a jti, a text of its own.', 'jti');
  return { jti, expiresAt: addSeconds(epochSeconds(Math.floor(exp)), skewSeconds + 1) };
}

/** Seconds since 1970, which may have a fraction (RFC 7519 2). */
function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function refused(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', description, { reason: `client_assertion.${reason}` });
}
