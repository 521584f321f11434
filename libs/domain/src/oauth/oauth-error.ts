const statuses = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_token_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  invalid_authorization_details: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  access_denied: 403,
  unsupported_response_type: 400,
  server_error: 500,
  temporarily_unavailable: 503,
  login_required: 400,
  consent_required: 400,
  interaction_required: 400,
  account_selection_required: 400,
  invalid_request_object: 400,
  invalid_request_uri: 400,
  unmet_authentication_requirements: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  insufficient_user_authentication: 401,
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  invalid_software_statement: 400,
  unapproved_software_statement: 400,
} as const;

/**
 * All error codes of the protocol.
 * @see RFC 6749 4.1.2.1 and 5.2, RFC 6750 3.1, RFC 7009 2.2.1, RFC 7591 3.2.2, RFC 8628 3.5, RFC 8707 2, OpenID Connect Core 3.1.2.6,
 *   RFC 9101 7, RFC 9396 5, RFC 9449 5 and 8, RFC 9470 3, OpenID Connect Core Error Code unmet_authentication_requirements 1.0
 */
export type OAuthErrorCode = keyof typeof statuses;

/** The HTTP status of a JSON error response with this code (RFC 6749 5.2, RFC 6750 3.1). */
export function statusOf(code: OAuthErrorCode): number {
  return statuses[code];
}

/** The required sign-in of a token. @see RFC 9470 3 */
export interface RequiredAuthentication {
  readonly maxAgeSeconds?: number;
  readonly acrValues?: string;
}

/** A protocol error. Its description is constant ASCII text that contains no input. */
export class OAuthError extends Error {
  /** The HTTP status of a JSON response (RFC 6749 5.2). */
  readonly status: number;
  /** A stable id of the violated rule, for the log. */
  readonly reason: string;
  /** Set where the same request may be repeated later. */
  readonly retryAfterSeconds: number | undefined;
  /** For `insufficient_scope`: the required scope (RFC 6750 3.1). */
  readonly scope: string | undefined;
  /** For `insufficient_user_authentication`: the required sign-in (RFC 9470 3). */
  readonly authentication: RequiredAuthentication | undefined;

  constructor(
    readonly code: OAuthErrorCode,
    readonly description: string,
    options: {
      readonly cause?: unknown;
      readonly reason?: string;
      readonly status?: number;
      readonly retryAfterSeconds?: number;
      readonly scope?: string;
      readonly authentication?: RequiredAuthentication;
    } = {},
  ) {
    super(`${code}: ${description}`, { cause: options.cause });
    this.name = 'OAuthError';
    this.status = options.status ?? statusOf(code);
    this.reason = options.reason ?? code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.scope = options.scope;
    this.authentication = options.authentication;
  }
}

/** The JSON body of an error response (RFC 6749 5.2). */
export function errorBody(error: OAuthError): { error: OAuthErrorCode; error_description: string } {
  return { error: error.code, error_description: error.description };
}
