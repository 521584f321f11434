import { createLog, describeError } from './log.js';
import { redact } from './redact.js';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level: 'info', name: 'test', destination: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('writes a sentence with its fields', () => {
    const [line] = logged((log) => log.child({ request: 'r1' }).info({ status: 200 }, 'request'));
    expect(line).toMatchObject({ level: 'info', name: 'test', request: 'r1', status: 200, msg: 'request' });
    expect(logged((log) => log.debug({}, 'chatter'))).toEqual([]);
  });

  it('hides what is named like a secret, two levels deep and in children', () => {
    const [line] = logged((log) =>
      log.child({ cookie: 'c1' }).warn({ client_secret: 's1', headers: { Authorization: 'b1', host: 'h' } }, 'odd'),
    );
    expect(line).toMatchObject({ cookie: '[redacted]', client_secret: '[redacted]' });
    expect(line?.headers).toEqual({ Authorization: '[redacted]', host: 'h' });
  });

  it('hands on fields without secrets as they are', () => {
    const fields = { a: 1, b: { c: 2 } };
    expect(redact(fields)).toBe(fields);
  });

  it('writes of an error its kind, message, code, stack and causes, and no other property', () => {
    const cause = Object.assign(new Error('disk full'), { code: 'SQLITE_FULL', parameters: ['hunter2'] });
    const [line] = logged((log) => log.error({ err: new TypeError('insert failed', { cause }) }, 'request failed'));
    expect(line?.err).toMatchObject({ type: 'TypeError', cause: { message: 'disk full', code: 'SQLITE_FULL' } });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('ends a chain of causes that goes in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeError(error))).toContain('round');
  });
});
