import type { OutgoingHttpHeaders } from 'node:http';
import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { bearerChallenge, errorBody, type OAuthError } from '@gatehouse/domain/oauth';
import { Log } from '@gatehouse/platform/telemetry/log';
import type { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { replyWithFailure, describeFailure } from '@gatehouse/platform/http/failure';
import { Reply } from '@gatehouse/platform/http/reply';
import { requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { corsHeaders } from './cors.js';
import { nonceHeaders } from './dpop-nonce-header.js';

/**
 * The response of protocol endpoints to unexpected errors (protocol/endpoint.ts handles protocol errors): a bug or an
 * outage, logged once with its request id. The response discloses no details.
 */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<ReplyAdapter>,
    @Inject(Log) private readonly log: Log,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const secondaryError = replyWithFailure(this.host.httpAdapter, host, (request) => this.describe(error, request));
    if (secondaryError !== undefined) this.log.error({ err: secondaryError }, 'error response failed');
  }

  private describe(error: unknown, request: WebRequest): Reply {
    const failure = describeFailure(error);
    if (failure.unexpected) this.log.error({ request: requestId(request), err: error }, 'request failed');
    const body =
      failure.status === 503
        ? { error: 'temporarily_unavailable', error_description: 'The server is busy. Try again in a moment.' }
        : failure.status >= 500
          ? { error: 'server_error', error_description: 'Something went wrong here.' }
          : {
              error: 'invalid_request',
              error_description: failure.status === 413 ? 'The body is too large.' : 'The request could not be read.',
            };
    return Reply.json(body, { status: failure.status, headers: { ...failure.headers, ...corsHeaders(request) } });
  }
}

/** The response to an error of the protocol: JSON, `no-store` (RFC 6749 5.2). @param more additional headers for this error */
export function oauthErrorReply(error: OAuthError, request: WebRequest, more: OutgoingHttpHeaders = {}): Reply {
  // RFC 9110 15.5.2: every 401 response names a usable scheme; RFC 6749 5.2 requires it if the Authorization header was used.
  const challenge = error.status === 401 ? { 'WWW-Authenticate': authenticateChallenge(error) } : {};
  const later = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) };
  const headers = { ...more, ...challenge, ...later, ...nonceHeaders(request), ...corsHeaders(request) };
  return Reply.json(errorBody(error), { status: error.status, headers });
}

/** Bearer for an invalid token (RFC 6750 3), Basic for failed client authentication. */
function authenticateChallenge(error: OAuthError): string {
  if (error.code !== 'invalid_token') return 'Basic realm="gatehouse", charset="UTF-8"';
  // RFC 6750 3.1: without a token in the request, the challenge has no error code.
  if (error.reason === missingToken) return bearerChallenge();
  return bearerChallenge({ error: error.code, description: error.description });
}

/** The reason of an error for a request without an access token. */
export const missingToken = 'bearer.none';
