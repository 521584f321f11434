import type { WebRequest } from '../web/request.js';
import { requestId } from '../web/request.js';
import type { Log } from './log.js';

/** A request that was answered. */
export interface AnsweredRequest {
  readonly request: WebRequest;
  readonly status: number;
  readonly milliseconds: number;
}

/**
 * One line for each request: method, the route's pattern, status, time, id. Never the path or the query: both hold
 * codes, ids and what people typed.
 */
export function requestLog(log: Log, answered: AnsweredRequest): void {
  if (!log.isLevelEnabled('info')) return;
  const { request, status, milliseconds } = answered;
  const fields = {
    method: request.method,
    route: request.route?.path ?? 'unmatched',
    status,
    ms: Math.round(milliseconds * 10) / 10,
    request: requestId(request),
  };
  log.info(fields, 'request');
}
