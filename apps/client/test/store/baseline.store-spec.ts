import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { readCatalog, type SchemaObject } from '@gatehouse/platform/database/schema-catalog';
import { openSqliteFile } from '@gatehouse/platform/database/sqlite-driver';
import type { DataSource } from 'typeorm';
import {
  administer,
  engineNames,
  startPostgres,
  type TestPostgres,
} from '../../../../libs/platform/test/support/postgres';
import { entities, migrations } from '../../src/schema';
import { ClientBaseline1795900000000 } from '../../src/database/migrations/20261128-baseline';

const fixtures = join(__dirname, '../fixtures/previous-release');
const { name: baseline, replaces } = new ClientBaseline1795900000000();
const added = migrations.map(({ name }) => name).filter((name) => name !== baseline);

describe.each(engineNames)("the previous release's database of a client on %s", (engine) => {
  let postgres: TestPostgres | undefined;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-client-'));
    postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
  }, 60_000);
  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const freshUrl = async (): Promise<string> =>
    (await postgres?.url('client')) ?? `sqlite:${join(folder, `${Math.random()}.sqlite`)}`;

  beforeEach(async () => {
    url = await freshUrl();
    if (postgres) await administer(url, readFileSync(join(fixtures, 'postgres.sql'), 'utf8'));
    else {
      await withSource(() => Promise.resolve());
      const database = openSqliteFile(url.slice('sqlite:'.length), { readonly: false });
      database.exec(readFileSync(join(fixtures, 'sqlite.sql'), 'utf8'));
      database.close();
    }
  });

  async function withSource<T>(work: (source: DataSource) => Promise<T>, steps = migrations, at = url): Promise<T> {
    const source = await openSource({ url: at, entities, migrations: steps });
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  }
  const catalogOf = (source: DataSource): Promise<SchemaObject[]> => {
    const runner = source.createQueryRunner();
    return readCatalog(runner).finally(() => runner.release());
  };

  it('has the schema that the baseline makes, to the order of the columns', async () => {
    const make = async (source: DataSource): Promise<SchemaObject[]> => {
      await migrateUp(source);
      return catalogOf(source);
    };
    const made = await withSource(make, [ClientBaseline1795900000000], await freshUrl());
    expect(made.length).toBeGreaterThan(50);
    expect(await withSource(catalogOf)).toEqual(made);
  });

  it('is adopted, and reverted to what the previous release has', () =>
    withSource(async (source) => {
      const recorded = async (): Promise<string[]> =>
        (await source.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id')).map(({ name }) => name);
      expect(await migrateUp(source)).toEqual([baseline, ...added]);
      expect(await recorded()).toEqual([...replaces, baseline, ...added]);
      expect(await source.query('SELECT id, name FROM providers')).toEqual([{ id: 'held', name: 'Held' }]);
      while ((await migrateDown(source)) !== undefined);
      expect(await recorded()).toEqual(replaces);
    }));
});
