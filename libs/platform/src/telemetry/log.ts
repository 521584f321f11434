import { pino, type DestinationStream, type Logger } from 'pino';
import { codeOf, isError } from '../error-code.js';
import { BatchedLines } from './batched-lines.js';
import { isoTime } from './iso-time.js';
import { redact } from './redact.js';
import { RequestLines, type RequestFields } from './request-lines.js';
import { textLines } from './text-lines.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type LogFields = Record<string, unknown>;

/**
 * The log; also the injection token. A line is a message and fields; an error goes in `err`.
 * Never pass a token, code, secret, verifier, cookie or password.
 */
export abstract class Log {
  abstract debug(fields: LogFields, message: string): void;
  abstract info(fields: LogFields, message: string): void;
  abstract warn(fields: LogFields, message: string): void;
  abstract error(fields: LogFields, message: string): void;
  abstract fatal(fields: LogFields, message: string): void;
  /** Logs a request with its response status. */
  abstract answered(request: RequestFields): void;
  abstract isLevelEnabled(level: LogLevel): boolean;
  /** A log that adds these fields to each line. */
  abstract child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Name of the program: `provider`, `client`. */
  readonly name: string;
  /** `json` (the default) for machines, `text` for a terminal. */
  readonly format?: 'json' | 'text' | undefined;
  /** Where lines are written instead of stdout, for tests. */
  readonly destination?: DestinationStream | undefined;
}

const STDOUT = 1;

export function createLog(options: LogOptions): Log {
  const { level, name, format = 'json' } = options;
  if (level === 'silent') return new PinoLog(pino({ level: 'silent' }, { write: () => undefined }));
  const destination = options.destination ?? (format === 'text' ? textLines(process.stdout) : new BatchedLines(STDOUT));
  const logger = pino(
    {
      level,
      base: { name },
      timestamp: () => `,"time":"${isoTime()}"`,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: describeError },
    },
    destination,
  );
  return new PinoLog(logger, new RequestLines(name, destination));
}

class PinoLog extends Log {
  /** @param lines undefined for a child log, whose lines have more fields */
  constructor(
    private readonly logger: Logger,
    private readonly lines?: RequestLines,
  ) {
    super();
  }

  override debug(fields: LogFields, message: string): void {
    this.logger.debug(fields, message);
  }

  override info(fields: LogFields, message: string): void {
    this.logger.info(fields, message);
  }

  override warn(fields: LogFields, message: string): void {
    this.logger.warn(fields, message);
  }

  override error(fields: LogFields, message: string): void {
    this.logger.error(fields, message);
  }

  override fatal(fields: LogFields, message: string): void {
    this.logger.fatal(fields, message);
  }

  override answered(request: RequestFields): void {
    if (!this.logger.isLevelEnabled('info')) return;
    if (this.lines) this.lines.write(request);
    else this.logger.info(request, 'request');
  }

  override isLevelEnabled(level: LogLevel): boolean {
    return this.logger.isLevelEnabled(level);
  }

  override child(fields: LogFields): Log {
    // Pino's formatters do not apply to the fields of a child.
    return new PinoLog(this.logger.child(redact(fields)));
  }
}

/** For tests that do not check the log. */
export function silentLog(): Log {
  return createLog({ level: 'silent', name: 'silent' });
}

const MAX_CAUSES = 5;

/**
 * Type, message, code and stack of an error and of its causes. Omits other properties: a failed query contains its
 * parameters, an HTTP error its request.
 */
export function describeError(error: unknown, depth = 0): unknown {
  if (!isError(error)) return typeof error === 'string' ? error : { type: typeof error };
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined;
  const { name, message, stack } = error;
  const cause = error.cause === undefined || depth >= MAX_CAUSES ? undefined : describeError(error.cause, depth + 1);
  return { type: name, message, code: codeOf(error), reason, stack, cause };
}
