import { isoTime } from './iso-time.js';
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

  it('writes of a request what it would write of the same fields at any other time', () => {
    const fields = { method: 'GET', route: '/a/"b":id', status: 200, ms: 0.3, request: 'c0ffee' };
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    const log = createLog({ level: 'info', name: 'test', destination });
    log.answered(fields);
    log.info({ ...fields }, 'request');
    log.child({ from: 'here' }).answered(fields);
    const withoutTime = lines.map((line) => line.replace(/"time":"[^"]{24}"/, '"time":""'));
    expect(withoutTime[0]).toBe(withoutTime[1]);
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({ from: 'here', ...fields });
    createLog({ level: 'warn', name: 'test', destination }).answered(fields);
    expect(lines).toHaveLength(3);
  });

  it('writes instants as Date does', () => {
    for (const milliseconds of [0, 1_764_036_854_000, 1_764_036_854_007, 1_764_036_854_999, 1_764_036_855_120, 999])
      expect(isoTime(milliseconds)).toBe(new Date(milliseconds).toISOString());
  });

  it('ends a chain of causes that goes in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeError(error))).toContain('round');
  });
});
