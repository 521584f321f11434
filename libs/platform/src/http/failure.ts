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

/** What an error means to whoever asked, before an application says it as a page or as JSON. */
export interface Failure {
  readonly id: FailureId;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** True for a bug or an outage: log it once, as an error, with its cause. */
  readonly unexpected: boolean;
}

/** The queue in front of something scarce is full: 503 with Retry-After. */
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

/** Maps what this kit, the store, Nest and Express throw. An application looks at its own errors first. */
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

/** Nest's own: an address that nobody answers, a malformed percent sign in a path, and the like. */
function ofStatus(status: number): Failure {
  if (status === 404) return expected('page.not_found', 404);
  if (status === 405) return expected('page.method', 405);
  return expected('form.invalid', status);
}

/**
 * The end of every exception filter: answers what `describe` says, and something plain when saying it fails too
 * (a broken error view must not become a request that hangs). After headers were sent the connection is cut.
 * @param describe the reply for this error; it may log
 * @returns the second error, if there was one, for the log
 */
export function answerFailure(
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

/** True once the one who asked is gone: no answer reaches them and none is worth a line in the log. */
export function isGone(request: IncomingMessage): boolean {
  return request.destroyed && !request.complete;
}
