import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { readCatalog, type SchemaObject } from '@gatehouse/platform/database/schema-catalog';
import type { DataSource } from 'typeorm';
import { entities, migrations, tablesInOrder } from '../../src/schema';
import { Baseline1795900000000 } from '../../src/database/migrations/20261128-baseline';
import { engines } from '../support/engines';
import { loadFixture, readFixture, rowsOf, type Rows } from '../support/previous-release';
import { buildProvider, runCommand, runProvider } from '../support/processes';

jest.setTimeout(180_000);

const { secretKey, issuer } = readFixture();
const { name: baseline, replaces } = new Baseline1795900000000();
const added = migrations.map(({ name }) => name).filter((name) => name !== baseline);

interface Applied {
  readonly name: string;
  readonly applied: boolean;
  readonly known: boolean;
  readonly replaced_by?: string;
}

describe.each(engines)('a database of the release before the baseline on %s', (engineName, engineOf) => {
  const engine = engineOf();
  let url: string;
  beforeAll(async () => {
    await buildProvider();
    await engine.start();
  });
  afterAll(() => engine.stop());
  beforeEach(async () => {
    url = await engine.freshUrl();
    await loadFixture(url);
  });

  async function withSource<T>(work: (source: DataSource) => Promise<T>, at = url): Promise<T> {
    const source = await openSource({ url: at, entities, migrations });
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  }
  const settings = () => ({
    GATEHOUSE_DATABASE_URL: url,
    GATEHOUSE_SECRET_KEY: secretKey,
    GATEHOUSE_ISSUER: issuer,
  });
  const gatehouse = (line: string) => runCommand(line.split(' '), settings());
  const json = async <T>(line: string): Promise<T> => (await gatehouse(`${line} --json`)).json<T>();
  const query = (text: string): Promise<unknown> => withSource((source) => source.query(text));
  const recorded = async (): Promise<string[]> =>
    ((await query('SELECT name FROM migrations ORDER BY id')) as { name: string }[]).map((row) => row.name);
  const catalogOf = (source: DataSource): Promise<SchemaObject[]> => {
    const runner = source.createQueryRunner();
    return readCatalog(runner).finally(() => runner.release());
  };
  const rows = (): Promise<Rows> =>
    withSource(async (source) => {
      const runner = source.createQueryRunner();
      const present: string[] = [];
      for (const table of tablesInOrder) if (await runner.hasTable(table)) present.push(table);
      await runner.release();
      return rowsOf(source, present);
    });
  const copies = (): string[] => {
    if (engineName !== 'SQLite') return [];
    const path = url.slice('sqlite:'.length);
    return readdirSync(dirname(path))
      .filter((each) => each.startsWith(`${basename(path)}.before-`))
      .map((each) => join(dirname(path), each));
  };

  it('has the schema that the baseline makes, to the order of the columns', async () => {
    const fresh = await openSource({
      url: await engine.freshUrl(),
      entities,
      migrations: [Baseline1795900000000],
    });
    try {
      await migrateUp(fresh);
      const made = await catalogOf(fresh);
      expect(made.length).toBeGreaterThan(400);
      expect(await withSource(catalogOf)).toEqual(made);
    } finally {
      await fresh.destroy();
    }
  });

  it('is adopted with all that it holds; commands say what is done before, and what was done', async () => {
    const before = await rows();
    expect(Object.keys(before).length).toBeGreaterThan(50);
    const replaced = replaces.map((name) => ({ name, applied: true, known: true, replaced_by: baseline }));
    const own = (applied: boolean): Applied[] => migrations.map(({ name }) => ({ name, applied, known: true }));
    expect(await json('migrate status')).toEqual({ migrations: [...replaced, ...own(false)] });
    expect((await gatehouse('migrate status')).stdout).toMatch(
      new RegExp(`FirstSchema1764000000001 +replaced by ${baseline}\\n[^]*${baseline} +pending\\n`),
    );

    expect(await json('migrate up --dry-run')).toEqual({ applied: [baseline, ...added] });
    expect(await recorded()).toEqual(replaces);
    expect(copies()).toEqual([]);
    expect((await gatehouse('client list')).stderr).toMatch(
      /older than this version \(Baseline1795900000000, .*migrate up/,
    );

    expect(await json('migrate up')).toEqual({ applied: [baseline, ...added] });
    expect(await recorded()).toEqual([...replaces, baseline, ...added]);
    expect(await json('migrate status')).toEqual({ migrations: [...replaced, ...own(true)] });
    expect(await json('migrate up')).toEqual({ applied: [] });
    expect(await rows()).toMatchObject(before);

    expect(await json('migrate down --dry-run')).toEqual({ reverted: added.at(-1) });
    await withSource(async (source) => {
      for (const name of [...added].reverse()) expect(await migrateDown(source)).toBe(name);
    });
    expect(await json('migrate down')).toEqual({ reverted: baseline });
    expect(await json('migrate down')).toEqual({ reverted: null });
    expect(await recorded()).toEqual(replaces);
  });

  it('is adopted by one of the processes that start at once, and all of them serve', async () => {
    const providers = await Promise.all(
      [1, 2, 3].map(() => runProvider({ ...settings(), GATEHOUSE_LOG_LEVEL: 'info' })),
    );
    try {
      expect((await recorded()).sort()).toEqual([...replaces, baseline, ...added].sort());
      for (const { base } of providers) expect((await fetch(`${base}/readyz`)).status).toBe(200);
    } finally {
      for (const provider of providers) expect(await provider.stop()).toBe(0);
    }
  });

  it.each([
    [
      'one of its migrations is not applied',
      `DELETE FROM migrations WHERE name = 'Dpop1764000000141'`,
      /^the database has 24 of the 25 migrations of version 0\.1 \(missing: Dpop1764000000141\): start version 0\.1 on it once/m,
    ],
    [
      'its schema was altered',
      'DROP INDEX clients_owner',
      /the schema of the database is not that of version 0\.1, and nothing was changed\. Undo these differences .*:\n- index clients_owner of table clients is missing\s*$/,
    ],
  ])('is neither served nor changed where %s', async (_why, change, refusal) => {
    await query(change);
    const [schema, list, held] = [await withSource(catalogOf), await recorded(), await rows()];
    const failure: unknown = await runProvider(settings()).then(
      (provider) => provider.stop(),
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toMatch(/ended with 1: /);
    expect((failure as Error).message.replace(/^the provider ended with 1: /, '')).toMatch(refusal);
    // A message for the operator, no stack trace.
    expect((failure as Error).message).not.toMatch(/\n +at /);
    for (const line of ['migrate up --json', 'migrate up --dry-run --json']) {
      const { code, stderr } = await gatehouse(line);
      expect(code).toBe(1);
      expect((JSON.parse(stderr) as { message: string }).message).toMatch(refusal);
    }
    expect([await withSource(catalogOf), await recorded(), await rows()]).toEqual([schema, list, held]);
    expect(copies()).toEqual([]);
  });

  if (engineName === 'SQLite')
    it('is copied before it is adopted', async () => {
      await json('migrate up');
      const [copy, ...others] = copies();
      expect(others).toEqual([]);
      expect(copy).toMatch(`.before-${baseline}-`);
      url = `sqlite:${copy}`;
      expect(await recorded()).toEqual(replaces);
    });
});
