import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { ddl } from '@gatehouse/platform/database/ddl';
import { migrateDown, migrateUp, openSource, openStore } from '@gatehouse/platform/database/open-store';
import { startPostgres, withPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';
import { derivedTables, entities, migrations } from '../../src/schema';
import { send } from '../support/browser';
import { engines } from '../support/engines';
import { startProvider } from '../support/provider';
import { obtainRefreshToken, refresh } from '../support/tokens';

jest.setTimeout(120_000);

/** What a migration of a later version may do beside this one: it adds. */
class Later1999999999999 implements MigrationInterface {
  readonly name = 'Later1999999999999';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`CREATE TABLE later (id ${t.id} PRIMARY KEY NOT NULL)`);
    for (const table of ['users', 'sessions', 'clients', 'grants', 'access_tokens', 'refresh_tokens'])
      await runner.query(`ALTER TABLE ${table} ADD COLUMN later ${t.text}`);
    await runner.query('CREATE INDEX users_later ON users (later)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX users_later');
    for (const table of ['users', 'sessions', 'clients', 'grants', 'access_tokens', 'refresh_tokens'])
      await runner.query(`ALTER TABLE ${table} DROP COLUMN later`);
    await runner.query('DROP TABLE later');
  }
}

/** Failed requests are limited in number: their index is built at once. */
const boundedTables = ['refusals'];

interface BuiltIndex {
  readonly index: string;
  readonly table: string;
}

/** The indexes that a migration built on tables from before it while it locked those tables against reads. */
async function indexesBuiltUnderExclusiveLock(
  source: DataSource,
  migration: MigrationInterface,
): Promise<BuiltIndex[]> {
  const runner = source.createQueryRunner();
  try {
    const relations = (await runner.query('SELECT oid FROM pg_class')) as { oid: string }[];
    const before = relations.map(({ oid }) => oid).join(', ');
    await runner.startTransaction();
    await migration.up(runner);
    const built = (await runner.query(
      `SELECT i.indexrelid::regclass::text AS index, i.indrelid::regclass::text AS "table"
       FROM pg_index i JOIN pg_locks l ON l.relation = i.indrelid
       WHERE i.indexrelid NOT IN (${before}) AND i.indrelid IN (${before})
         AND l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock'`,
    )) as BuiltIndex[];
    await runner.commitTransaction();
    return built;
  } finally {
    await runner.release();
  }
}

describe.each(engines)('the migrations on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it('every table that a migration makes has its entity, or is derived by triggers', async () => {
    const store = await openStore({ url: await engine.freshUrl(), entities, migrations, migrate: 'auto' });
    try {
      const tables = await store.reader.query<{ name: string }[]>(
        store.dialect === 'sqlite'
          ? `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
          : `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
      );
      const known = store.dataSource.entityMetadatas.map((entity) => entity.tableName);
      expect(
        tables
          .map((table) => table.name)
          .filter((name) => !known.includes(name) && !derivedTables.test(name) && !/migrations/.test(name)),
      ).toEqual([]);
    } finally {
      await store.close();
    }
  });

  it('a database that is older than the code is not opened where GATEHOUSE_MIGRATE is off', async () => {
    await expect(openStore({ url: await engine.freshUrl(), entities, migrations, migrate: 'off' })).rejects.toThrow(
      'older than this version',
    );
  });

  it('a step of a later version, run and reverted while this one serves, does not disturb requests', async () => {
    const url = await engine.freshUrl();
    const provider = await startProvider({ databaseUrl: url });
    const later = await openSource({ url, entities, migrations: [...migrations, Later1999999999999] });
    try {
      const registered = await provider.addClient();
      const browser = await provider.logIn(await provider.addUser());
      const before = await obtainRefreshToken(provider, browser, registered);
      const works = async (token: string | undefined): Promise<string | undefined> => {
        const answer = await refresh(provider, registered, token ?? '');
        expect(answer.status).toBe(200);
        await provider.logIn(await provider.addUser());
        await obtainRefreshToken(provider, browser, registered);
        expect((await send(`${provider.base}/readyz`)).status).toBe(200);
        return answer.json<{ refresh_token: string }>().refresh_token;
      };
      expect(await migrateUp(later)).toEqual(['Later1999999999999']);
      const next = await works(before.refresh_token);
      await (await openStore({ url, entities, migrations, migrate: 'auto' })).close();
      expect(await migrateDown(later)).toBe('Later1999999999999');
      await works(next);
    } finally {
      await later.destroy();
      await provider.close();
    }
  });
});

// SQLite's readers do not wait for a writer.
(withPostgres ? describe : describe.skip)('the migrations under load on PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => void (server = await startPostgres()));
  afterAll(() => server.stop());

  it('build no index in a transaction that makes reads of a growing table wait', async () => {
    const source = await openSource({ url: await server.url('locks'), entities, migrations });
    try {
      const built: BuiltIndex[] = [];
      for (const Step of migrations) built.push(...(await indexesBuiltUnderExclusiveLock(source, new Step())));
      expect(built.map(({ table }) => table)).toEqual(boundedTables);
    } finally {
      await source.destroy();
    }
  });
});
