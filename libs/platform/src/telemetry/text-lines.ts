import type { DestinationStream } from 'pino';

const hidden = new Set(['level', 'time', 'name', 'msg', 'err']);

/** Converts JSON log lines to readable text: time, level, message, fields, and the stack of an error. */
export function textLines(out: { write(text: string): unknown }): DestinationStream {
  return {
    write: (line) => {
      out.write(readable(line));
    },
  };
}

function readable(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { level, time, name, msg, err } = entry;
  const fields = Object.entries(entry)
    .filter(([key]) => !hidden.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const at = String(time).slice(11, 19);
  const head = [at, String(level).toUpperCase().padEnd(5), String(name), String(msg), ...fields].join(' ');
  return `${head}\n${stackOf(err)}`;
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return '';
  const cause = 'cause' in error ? stackOf(error.cause) : '';
  return `${String(error.stack)}\n${cause === '' ? '' : `caused by ${cause}`}`;
}
