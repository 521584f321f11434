import type { WebRequest } from './request.js';
import { requestId } from './request.js';
import type { Log } from '../telemetry/log.js';

/** A request with its response status. */
export interface LoggedRequest {
  readonly request: WebRequest;
  readonly status: number;
  readonly milliseconds: number;
}

/** Logs one line per request. */
export function requestLog(log: Log, { request, status, milliseconds }: LoggedRequest): void {
  log.answered({
    method: request.method ?? '',
    route: request.route?.path ?? 'unmatched',
    status,
    ms: Math.round(milliseconds * 10) / 10,
    request: requestId(request),
  });
}
