import { buildSync } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openSource } from '../../src/database/open-store.js';
import { engines, openThings, things } from './fixtures.js';

// Inside node_modules, so that packages are resolved and nothing is committed.
const folder = join(__dirname, '../../../../node_modules/.cache', `gatehouse-store-${process.pid}`);
const program = join(folder, 'child.mjs');

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  const common = {
    bundle: true,
    platform: 'node',
    packages: 'external',
    // Builds the current sources, independent of earlier builds.
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
  } as const;
  buildSync({
    ...common,
    entryPoints: [join(__dirname, 'child.ts')],
    outfile: program,
    format: 'esm',
    banner: {
      js: `import { fileURLToPath as pathOf } from 'node:url'; const __dirname = pathOf(new URL('.', import.meta.url));`,
    },
  });
  // The thread that the store starts. In a folder without package.json it is a CommonJS module.
  buildSync({
    ...common,
    entryPoints: [join(__dirname, '../../src/database/sqlite-checkpoint-worker.ts')],
    outfile: join(folder, 'sqlite-checkpoint-worker.js'),
    format: 'cjs',
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(engines)('processes that share a database on %s', (_name, makeEngine) => {
  const engine = makeEngine();
  let url: string;

  beforeAll(() => engine.start(), 60_000);
  afterAll(() => engine.stop(), 30_000);
  beforeEach(async () => void (url = await engine.freshUrl()));

  /** Starts all processes, waits until each is ready, and lets them start at the same time. */
  async function race(kinds: readonly string[]): Promise<number[]> {
    const children = kinds.map(() => fork(program, { execArgv: [] }));
    await Promise.all(children.map((child) => once(child, 'message')));
    return Promise.all(
      children.map((child, index) => resultOf(child, { url, kind: kinds[index], first: (index + 1) * 10_000 })),
    );
  }

  it('lets one of all attempts of all processes succeed', async () => {
    const store = await openThings(url);
    for (let selector = 1; selector <= 10; selector += 1)
      await store.run((unit) => unit.change(things.insert, selector, `t${selector}`));
    const won = await race(['consume', 'consume', 'consume', 'consume']);
    expect(won.reduce((sum, one) => sum + one)).toBe(10);
    await store.close();
  }, 60_000);

  it('keeps everything that was confirmed to each process', async () => {
    const store = await openThings(url);
    expect(await race(['insert', 'insert'])).toEqual([400, 400]);
    expect(await store.one(things.count)).toEqual({ n: 800 });
    await store.close();
  }, 60_000);

  it('runs each migration in one of them, for a new database', async () => {
    const ran = await race(['migrate', 'migrate', 'migrate']);
    expect(ran.reduce((sum, one) => sum + one)).toBe(2);
  }, 60_000);

  it('records the baseline in one of them if the migrations that it replaces are applied', async () => {
    await race(['migrate']);
    const ran = await race(['adopt', 'adopt', 'adopt']);
    expect(ran.reduce((sum, one) => sum + one)).toBe(2);
    const source = await openSource({ url, entities: [], migrations: [] });
    const names = await source.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
    await source.destroy();
    expect(names.map(({ name }) => name)).toEqual([
      'FirstThings1764000000001',
      'SecondThings1764000000002',
      'ThingsBaseline1795900000000',
      'ThingColors1795950000101',
    ]);
  }, 60_000);
});

async function resultOf(child: ChildProcess, task: object): Promise<number> {
  const gone = once(child, 'exit');
  const answered = once(child, 'message') as Promise<[{ readonly result?: number; readonly error?: string }]>;
  child.send(task);
  const [answer] = await Promise.race([answered, gone.then(() => [{ error: 'it ended without an answer' }] as const)]);
  await gone;
  if (answer.error !== undefined) throw new Error(answer.error);
  return (answer as { readonly result?: number }).result ?? 0;
}
