import type { LoggerService } from '@nestjs/common';
import { isError } from '../error-code.js';
import type { Log } from './log.js';

/** Passes Nest's log to ours; the startup messages (modules, routes) at level debug. */
export function nestLogger(log: Log): LoggerService {
  const own = log.child({ from: 'nest' });
  const fields = (rest: readonly unknown[]): Record<string, unknown> => {
    const context = rest.at(-1);
    return typeof context === 'string' ? { context } : {};
  };
  return {
    log: (message: unknown, ...rest: unknown[]) => own.debug(fields(rest), String(message)),
    debug: (message: unknown, ...rest: unknown[]) => own.debug(fields(rest), String(message)),
    verbose: (message: unknown, ...rest: unknown[]) => own.debug(fields(rest), String(message)),
    warn: (message: unknown, ...rest: unknown[]) => own.warn(fields(rest), String(message)),
    error: (message: unknown, ...rest: unknown[]) =>
      own.error({ ...errorField(message), ...fields(rest) }, sentence(message)),
    fatal: (message: unknown, ...rest: unknown[]) =>
      own.fatal({ ...errorField(message), ...fields(rest) }, sentence(message)),
  };
}

function errorField(message: unknown): Record<string, unknown> {
  return isError(message) ? { err: message } : {};
}

function sentence(message: unknown): string {
  return isError(message) ? message.message : String(message);
}
