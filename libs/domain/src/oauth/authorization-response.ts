import type { OAuthError } from './oauth-error.js';

/** The parameters of a success answer (RFC 6749 4.1.2, RFC 9207 2). */
export function authorizationResponseParameters(answer: {
  readonly code: string;
  readonly state: string | undefined;
  readonly issuer: string;
}): Record<string, string> {
  return { code: answer.code, ...stateMember(answer.state), iss: answer.issuer };
}

/** The parameters of an error answer (RFC 6749 4.1.2.1, RFC 9207 2). */
export function authorizationErrorParameters(answer: {
  readonly error: OAuthError;
  readonly state: string | undefined;
  readonly issuer: string;
}): Record<string, string> {
  return {
    error: answer.error.code,
    error_description: answer.error.description,
    ...stateMember(answer.state),
    iss: answer.issuer,
  };
}

/** RFC 6749 4.1.2: REQUIRED if it was in the request, and the exact value. */
function stateMember(state: string | undefined): { state?: string } {
  return state === undefined ? {} : { state };
}
