import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { HttpException, type ArgumentsHost } from '@nestjs/common';
import { StoreUnavailable } from '../database/store.js';
import type { ReplyAdapter } from './express-adapter.js';
import { BodyTooLarge, RepeatedParameter, UnsupportedBody } from './form.js';
import { RequestAborted } from './read-form.js';
import type { Reply } from './reply.js';
import type { WebRequest } from './request.js';

export type FailureId =
  | 'page.not_found'
  | 'page.method'
  | 'form.too_large'
  | 'form.unsupported'
  | 'form.invalid'
  | 'request.aborted'
  | 'server.busy'
  | 'server.error';

/** The meaning of an error for the requester, before an application renders it as a page or as JSON. */
export interface Failure {
  readonly id: FailureId;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** True for a bug or an outage: log it once as an error, with its cause. */
  readonly unexpected: boolean;
}

/** The queue for a limited resource is full: 503 with Retry-After. */
export class ServerBusy extends Error {
  constructor(
    message: string,
    readonly retryAfterSeconds = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ServerBusy';
  }
}

/** Maps errors of this library, the store, Nest and Express. An application checks its own errors first. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof BodyTooLarge) return expected('form.too_large', 413);
  if (error instanceof UnsupportedBody) return expected('form.unsupported', 415);
  if (error instanceof RepeatedParameter) return expected('form.invalid', 400);
  if (error instanceof RequestAborted) return expected('request.aborted', 400);
  if (error instanceof ServerBusy) return { ...busy(error.retryAfterSeconds), unexpected: false };
  if (error instanceof StoreUnavailable) return busy(1);
  if (error instanceof HttpException && error.getStatus() < 500) return ofStatus(error.getStatus());
  return { id: 'server.error', status: 500, headers: {}, unexpected: true };
}

function expected(id: FailureId, status: number): Failure {
  return { id, status, headers: {}, unexpected: false };
}

function busy(retryAfterSeconds: number): Failure {
  return { id: 'server.busy', status: 503, headers: { 'Retry-After': String(retryAfterSeconds) }, unexpected: true };
}

/** Nest's own errors: an unknown path, a malformed percent sign in a path. */
function ofStatus(status: number): Failure {
  if (status === 404) return expected('page.not_found', 404);
  if (status === 405) return expected('page.method', 405);
  return expected('form.invalid', status);
}

/**
 * The last step of every exception filter: sends the reply of `describe`, or a plain one when that fails too, so that a
 * broken error view does not leave a request hanging. After headers were sent it closes the connection.
 * @param describe the reply for this error; may log
 * @returns the second error, if there was one, for the log
 */
export function replyWithFailure(
  adapter: ReplyAdapter,
  host: ArgumentsHost,
  describe: (request: WebRequest) => Reply,
): unknown {
  const http = host.switchToHttp();
  const response = http.getResponse<ServerResponse>();
  try {
    const reply = describe(http.getRequest<WebRequest>());
    if (response.headersSent) adapter.replyBare(response, 500);
    else adapter.reply(response, reply);
    return undefined;
  } catch (second) {
    adapter.replyBare(response, 500);
    return second;
  }
}

/** True once the client has disconnected: no response reaches it, and the error is not worth a log line. */
export function isDisconnected(request: IncomingMessage): boolean {
  return request.destroyed && !request.complete;
}
