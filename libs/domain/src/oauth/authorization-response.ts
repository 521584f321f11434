import { addSeconds, type EpochSeconds } from '../kernel/index.js';
import type { OAuthError } from './oauth-error.js';
import { formatScope, type Scope } from './scope.js';

/**
 * The parameters of a success response.
 * @see RFC 6749 4.1.2 and 4.2.2, OpenID Connect Core 3.2.2.5 and 3.3.2.5, RFC 9207 2
 */
export function authorizationResponseParameters(response: {
  readonly code?: string | undefined;
  readonly accessToken?:
    { readonly value: string; readonly expiresInSeconds: number; readonly scope: Scope } | undefined;
  readonly idToken?: string | undefined;
  readonly state: string | undefined;
  /** OpenID Connect Session Management 2 */
  readonly sessionState?: string | undefined;
  readonly issuer: string;
}): Record<string, string> {
  const { code, accessToken, idToken } = response;
  return {
    ...(code === undefined ? {} : { code }),
    ...(accessToken === undefined ? {} : accessTokenMembers(accessToken)),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...stateMember(response.state),
    ...sessionStateMember(response.sessionState),
    iss: response.issuer,
  };
}

function accessTokenMembers(token: { value: string; expiresInSeconds: number; scope: Scope }): Record<string, string> {
  return {
    access_token: token.value,
    token_type: 'Bearer',
    expires_in: String(token.expiresInSeconds),
    ...(token.scope.length === 0 ? {} : { scope: formatScope(token.scope) }),
  };
}

/** The parameters of an error response (RFC 6749 4.1.2.1, RFC 9207 2). */
export function authorizationErrorParameters(response: {
  readonly error: OAuthError;
  readonly state: string | undefined;
  /** OpenID Connect Session Management 2 */
  readonly sessionState?: string | undefined;
  readonly issuer: string;
}): Record<string, string> {
  return {
    error: response.error.code,
    error_description: response.error.description,
    ...stateMember(response.state),
    ...sessionStateMember(response.sessionState),
    iss: response.issuer,
  };
}

/** Short, because a JWT response is processed immediately; JARM 2.1 recommends at most ten minutes. */
const jwtLifetimeSeconds = 300;

/** The claims of a JWT response: parameters, issuer, audience and expiry (JARM 2.1). */
export function authorizationResponseClaims(
  parameters: Readonly<Record<string, string>>,
  response: { readonly issuer: string; readonly clientId: string; readonly now: EpochSeconds },
): Record<string, string | number> {
  return {
    ...parameters,
    iss: response.issuer,
    aud: response.clientId,
    exp: addSeconds(response.now, jwtLifetimeSeconds),
  };
}

/** RFC 6749 4.1.2: REQUIRED if it was in the request, with the exact value. */
function stateMember(state: string | undefined): { state?: string } {
  return state === undefined ? {} : { state };
}

function sessionStateMember(sessionState: string | undefined): { session_state?: string } {
  return sessionState === undefined ? {} : { session_state: sessionState };
}
