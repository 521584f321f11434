import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogScan } from '../../../test/support/log-scan';
import { buildProvider } from '../../../test/support/processes';
import { eventually } from '../../../test/support/eventually';
import { EstimateTimedOut } from '../throttling/server-busy-errors';
import type { QueueSource } from '../throttling/fair-queue';
import { PasswordStrength } from './password-strength';

/** A source without an account, in a network of its own unless another one is named. */
function at(key: string, network = `network of ${key}`): QueueSource {
  return { key, network, isIdentified: false };
}

jest.setTimeout(120_000);

describe('the thread that estimates passwords', () => {
  const { log } = new LogScan();
  const threads: PasswordStrength[] = [];
  let folder: string;

  beforeAll(async () => {
    await buildProvider();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-strength-'));
  });
  afterEach(() => Promise.all(threads.splice(0).map((each) => each.onModuleDestroy())));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function thread(options: ConstructorParameters<typeof PasswordStrength>[1] = {}): PasswordStrength {
    const made = new PasswordStrength(log, { waitMilliseconds: 60_000, workMilliseconds: 60_000, ...options });
    threads.push(made);
    return made;
  }

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** A program that says that it is ready, and does this with each question. */
  function program(name: string, onQuestion: string): string {
    return file(
      `${name}.cjs`,
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', ({ id, password }) => { ${onQuestion} });
       parentPort.postMessage('ready');`,
    );
  }

  it('is not there before somebody asks, and ends when nobody asked for a while', async () => {
    const strength = thread({ idleMilliseconds: 50 });
    expect(strength.isRunning).toBe(false);
    expect(await strength.guesses('correct horse battery staple', [])).toBeGreaterThan(1e8);
    expect(strength.isRunning).toBe(true);
    await eventually(
      () => Promise.resolve(strength.isRunning),
      (isRunning) => !isRunning,
    );
    expect(await strength.guesses('passwordpassword', [])).toBeLessThan(1e5);
  });

  it('knows the words that it is given with a password', async () => {
    const strength = thread();
    const [without, with_] = [
      await strength.guesses('zyqhorvimplatt', []),
      await strength.guesses('zyqhorvimplatt', ['zyqhorvimplatt']),
    ];
    expect(without).toBeGreaterThan(1e8);
    expect(with_).toBeLessThan(100);
  });

  it('looks at the first forty characters', async () => {
    const strength = thread({
      program: program('echo', 'parentPort.postMessage({ id, guesses: [...password].length });'),
    });
    expect(await strength.guesses('🐝'.repeat(200), [])).toBe(40);
  });

  it('works on one after another, and answers each with its own', async () => {
    const strength = thread({
      program: program('number', 'parentPort.postMessage({ id, guesses: Number(password) });'),
    });
    const numbers = Array.from({ length: 50 }, (_each, index) => index);
    expect(await Promise.all(numbers.map((number) => strength.guesses(String(number), [])))).toEqual(numbers);
  });

  it('gives no answer to those who find its queue full', async () => {
    const strength = thread({
      identified: { maxWaiting: 3, maxOfSource: 1 },
      program: program('slow', 'setTimeout(() => parentPort.postMessage({ id, guesses: 7 }), 20);'),
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => strength.guesses('x', [])));
    expect(answers.filter((each) => each === undefined).length).toBeGreaterThan(0);
    expect(answers.filter((each) => each === 7).length).toBeGreaterThanOrEqual(3);
  });

  it('refuses what is too much of one source, and estimates what others ask meanwhile in turn', async () => {
    const strength = thread({
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
    // At most the one that was worked on, and one of its source between them.
    expect(order.indexOf(2)).toBeLessThan(4);
    const answers = await flood;
    const refused = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    // Twenty wait and one is worked on.
    expect(refused).toHaveLength(49);
    for (const reason of refused)
      expect(reason).toMatchObject({ id: 'passwords.too_many', status: 429, options: { retryAfterSeconds: 2 } });
    expect(answers.some((each) => each.status === 'fulfilled' && each.value === undefined)).toBe(false);
  });

  it('refuses what many sources have waiting for too long, and never an operator', async () => {
    const strength = thread({
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

  it('is replaced when one answer takes too long: that one is missing, the next is not', async () => {
    const strength = thread({
      workMilliseconds: 300,
      program: program('stuck', `while (password === 'endless'); parentPort.postMessage({ id, guesses: 7 });`),
    });
    expect(await Promise.all([strength.guesses('endless', []), strength.guesses('short', [])])).toEqual([undefined, 7]);
  });

  it('refuses what it worked on for too long: simpler rules do not decide instead', async () => {
    const strength = thread({
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

  it('refuses what waits for a thread that is slow to start', async () => {
    const strength = thread({ waitMilliseconds: 100, program: program('silent-for-source', '') });
    await expect(strength.guesses('x', [], at('one'))).rejects.toMatchObject({ name: 'ServerBusy' });
  });

  it('gives no answer to those who waited long enough', async () => {
    const strength = thread({ waitMilliseconds: 100, program: program('silent', '') });
    expect(await strength.guesses('x', [])).toBeUndefined();
  });

  it.each([
    ['cannot be loaded', '/nowhere/worker.js'],
    ['fails', undefined],
  ])('that %s gives no answer, and is not started again at once', async (_what, path) => {
    const strength = thread({
      program: path ?? file('failing.cjs', `throw new Error('it failed');`),
    });
    expect(await strength.guesses('x', [], at('one'))).toBeUndefined();
    expect(await strength.guesses('x', [])).toBeUndefined();
    expect(await strength.guesses('x', [])).toBeUndefined();
    expect(strength.isRunning).toBe(false);
  });

  it('refuses people whose password ended it, and works on the next one', async () => {
    const strength = thread({
      program: program(
        'fragile',
        `if (password === 'crash') throw new Error('it failed'); parentPort.postMessage({ id, guesses: 7 });`,
      ),
    });
    await expect(strength.guesses('crash', [], at('one'))).rejects.toMatchObject({ name: 'ServerBusy' });
    expect(await strength.guesses('other', [], at('two'))).toBe(7);
    expect(await strength.guesses('crash', [])).toBeUndefined();
  });

  it('gives no answer once it is over', async () => {
    const strength = thread({ program: program('waiting', '') });
    const asked = strength.guesses('x', []);
    await strength.onModuleDestroy();
    expect(await asked).toBeUndefined();
    expect(await strength.guesses('x', [])).toBeUndefined();
  });
});
