import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogScan } from '../../../test/support/log-scan';
import { buildProvider } from '../../../test/support/processes';
import { eventually } from '../../../test/support/eventually';
import { EstimateTimedOut } from '../throttling/server-busy-errors';
import type { QueueSource } from '../throttling/fair-queue';
import { PasswordStrength } from './password-strength';

/** A source without an account, in a network of its own unless one is given. */
function at(key: string, network = `network of ${key}`): QueueSource {
  return { key, network, isIdentified: false };
}

jest.setTimeout(120_000);

describe('the password strength worker', () => {
  const { log } = new LogScan();
  const workers: PasswordStrength[] = [];
  let folder: string;

  beforeAll(async () => {
    await buildProvider();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-strength-'));
  });
  afterEach(() => Promise.all(workers.splice(0).map((each) => each.onModuleDestroy())));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function startWorker(options: ConstructorParameters<typeof PasswordStrength>[1] = {}): PasswordStrength {
    const strength = new PasswordStrength(log, { waitMilliseconds: 60_000, workMilliseconds: 60_000, ...options });
    workers.push(strength);
    return strength;
  }

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** A worker program that reports that it is ready and runs this code for each request. */
  function program(name: string, onRequest: string): string {
    return file(
      `${name}.cjs`,
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', ({ id, password }) => { ${onRequest} });
       parentPort.postMessage('ready');`,
    );
  }

  it('starts with the first request and ends when it has been idle', async () => {
    const strength = startWorker({ idleMilliseconds: 50 });
    expect(strength.isRunning).toBe(false);
    expect(await strength.guesses('correct horse battery staple', [])).toBeGreaterThan(1e8);
    expect(strength.isRunning).toBe(true);
    await eventually(
      () => Promise.resolve(strength.isRunning),
      (isRunning) => !isRunning,
    );
    expect(await strength.guesses('passwordpassword', [])).toBeLessThan(1e5);
  });

  it('uses the words that are given with a password', async () => {
    const strength = startWorker();
    const [withoutWord, withWord] = [
      await strength.guesses('zyqhorvimplatt', []),
      await strength.guesses('zyqhorvimplatt', ['zyqhorvimplatt']),
    ];
    expect(withoutWord).toBeGreaterThan(1e8);
    expect(withWord).toBeLessThan(100);
  });

  it('estimates the first forty characters', async () => {
    const strength = startWorker({
      program: program('echo', 'parentPort.postMessage({ id, guesses: [...password].length });'),
    });
    expect(await strength.guesses('🐝'.repeat(200), [])).toBe(40);
  });

  it('works on one request at a time and returns each its own result', async () => {
    const strength = startWorker({
      program: program('number', 'parentPort.postMessage({ id, guesses: Number(password) });'),
    });
    const numbers = Array.from({ length: 50 }, (_each, index) => index);
    expect(await Promise.all(numbers.map((number) => strength.guesses(String(number), [])))).toEqual(numbers);
  });

  it('returns no estimate when the queue is full', async () => {
    const strength = startWorker({
      identified: { maxWaiting: 3, maxOfSource: 1 },
      program: program('slow', 'setTimeout(() => parentPort.postMessage({ id, guesses: 7 }), 20);'),
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => strength.guesses('x', [])));
    expect(answers.filter((each) => each === undefined).length).toBeGreaterThan(0);
    expect(answers.filter((each) => each === 7).length).toBeGreaterThanOrEqual(3);
  });

  it('rejects too many requests of one source and serves other sources in turn', async () => {
    const strength = startWorker({
      program: program('in-turn', 'setTimeout(() => parentPort.postMessage({ id, guesses: Number(password) }), 20);'),
    });
    const order: number[] = [];
    const ask = async (number: number, source?: string): Promise<number | undefined> => {
      const guesses = await strength.guesses(String(number), [], source === undefined ? undefined : at(source));
      order.push(number);
      return guesses;
    };
    const flood = Promise.allSettled(Array.from({ length: 70 }, (_each, index) => ask(100 + index, 'one')));
    expect(await Promise.all([ask(1, 'two'), ask(2)])).toEqual([1, 2]);
    // At most the request in progress and one of the same source are served before it.
    expect(order.indexOf(2)).toBeLessThan(4);
    const answers = await flood;
    const rejections = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    // Twenty wait and one is in progress.
    expect(rejections).toHaveLength(49);
    for (const reason of rejections)
      expect(reason).toMatchObject({ id: 'passwords.too_many', status: 429, options: { retryAfterSeconds: 2 } });
    expect(answers.some((each) => each.status === 'fulfilled' && each.value === undefined)).toBe(false);
  });

  it('rejects requests that wait too long, but never those of an operator', async () => {
    const strength = startWorker({
      anonymous: { maxWaiting: 2, maxOfSource: 2 },
      waitMilliseconds: 100,
      program: program('mute', ''),
    });
    const asked = ['one', 'two', 'three', 'four', undefined].map((source) =>
      strength.guesses('x', [], source === undefined ? undefined : at(source)),
    );
    const answers = await Promise.allSettled(asked);
    expect(answers.map((each) => (each.status === 'rejected' ? (each.reason as Error).name : each.value))).toEqual([
      'ServerBusy',
      'ServerBusy',
      'ServerBusy',
      'ServerBusy',
      undefined,
    ]);
  });

  it('is replaced when one estimate takes too long; the next request succeeds', async () => {
    const strength = startWorker({
      workMilliseconds: 300,
      program: program('stuck', `while (password === 'endless'); parentPort.postMessage({ id, guesses: 7 });`),
    });
    expect(await Promise.all([strength.guesses('endless', []), strength.guesses('short', [])])).toEqual([undefined, 7]);
  });

  it('rejects a request whose estimate takes too long instead of falling back to simpler rules', async () => {
    const strength = startWorker({
      workMilliseconds: 300,
      program: program('endless', `while (password === 'endless'); parentPort.postMessage({ id, guesses: 7 });`),
    });
    const answers = await Promise.allSettled([
      strength.guesses('endless', [], at('one')),
      strength.guesses('short', [], at('two')),
    ]);
    expect(answers).toEqual([
      { status: 'rejected', reason: expect.any(EstimateTimedOut) as unknown },
      { status: 'fulfilled', value: 7 },
    ]);
  });

  it('rejects requests that wait for a worker that is slow to start', async () => {
    const strength = startWorker({ waitMilliseconds: 100, program: program('silent-for-source', '') });
    await expect(strength.guesses('x', [], at('one'))).rejects.toMatchObject({ name: 'ServerBusy' });
  });

  it('returns no estimate to an operator after the maximum wait', async () => {
    const strength = startWorker({ waitMilliseconds: 100, program: program('silent', '') });
    expect(await strength.guesses('x', [])).toBeUndefined();
  });

  it.each([
    ['cannot be loaded', '/nowhere/worker.js'],
    ['fails', undefined],
  ])('that %s returns no estimate and is not restarted at once', async (_what, path) => {
    const strength = startWorker({
      program: path ?? file('failing.cjs', `throw new Error('it failed');`),
    });
    expect(await strength.guesses('x', [], at('one'))).toBeUndefined();
    expect(await strength.guesses('x', [])).toBeUndefined();
    expect(await strength.guesses('x', [])).toBeUndefined();
    expect(strength.isRunning).toBe(false);
  });

  it('rejects the request that crashed it and serves the next one', async () => {
    const strength = startWorker({
      program: program(
        'fragile',
        `if (password === 'crash') throw new Error('it failed'); parentPort.postMessage({ id, guesses: 7 });`,
      ),
    });
    await expect(strength.guesses('crash', [], at('one'))).rejects.toMatchObject({ name: 'ServerBusy' });
    expect(await strength.guesses('other', [], at('two'))).toBe(7);
    expect(await strength.guesses('crash', [])).toBeUndefined();
  });

  it('returns no estimate after the shutdown', async () => {
    const strength = startWorker({ program: program('waiting', '') });
    const asked = strength.guesses('x', []);
    await strength.onModuleDestroy();
    expect(await asked).toBeUndefined();
    expect(await strength.guesses('x', [])).toBeUndefined();
  });
});
