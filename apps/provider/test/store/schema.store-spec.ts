import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDown, migrateUp, migrationStatus, openSource } from '@gatehouse/platform/database/open-store';
import { readCatalog, type SchemaObject } from '@gatehouse/platform/database/schema-catalog';
import { schemaDifferences } from '@gatehouse/platform/database/schema-differences';
import type { DataSource } from 'typeorm';
import { engineNames, startPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';
import { entities, migrations, tablesInOrder } from '../../src/schema';
import { Baseline1795900000000 } from '../../src/database/migrations/20261128-baseline';
import { PurgeService } from '../../src/jobs/purge.service';
import { authorize, redeem, startProvider } from '../support/provider';

describe.each(engineNames)('the schema on %s', (engine) => {
  let postgres: TestPostgres | undefined;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-schema-'));
    postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
  }, 60_000);
  beforeEach(async () => {
    url = postgres ? await postgres.url('schema') : `sqlite:${join(folder, `${Math.random()}.sqlite`)}`;
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const withSource = async (work: (source: DataSource) => Promise<void>): Promise<void> => {
    const source = await openSource({ url, entities, migrations });
    try {
      await work(source);
    } finally {
      await source.destroy();
    }
  };

  it('has entities that agree with the migrations', () =>
    withSource(async (source) => {
      await migrateUp(source);
      expect(await schemaDifferences(source)).toEqual([]);
    }));

  it('goes down to the schema of the baseline, which is recorded as that of the previous release, and up again', () =>
    withSource(async (source) => {
      const catalog = async (): Promise<SchemaObject[]> => {
        const runner = source.createQueryRunner();
        const objects = await readCatalog(runner);
        await runner.release();
        return objects;
      };
      await openSource({ url, entities, migrations: [Baseline1795900000000] }).then(async (baselineAlone) => {
        await migrateUp(baselineAlone);
        await baselineAlone.destroy();
      });
      const made = await catalog();
      await migrateUp(source);
      expect(await catalog()).not.toEqual(made);
      while ((await migrateDown(source)) !== undefined);
      expect(await catalog()).toEqual(made);
      const { name, replaces } = new Baseline1795900000000();
      expect((await migrationStatus(source)).filter((each) => each.applied)).toEqual(
        replaces.map((each) => ({ name: each, applied: true, known: true, replacedBy: name })),
      );
      await migrateUp(source);
      expect((await migrationStatus(source)).every((step) => step.applied)).toBe(true);
    }));

  it('names every table of the entities in the order of a copy', () =>
    withSource((source) => {
      expect([...tablesInOrder].sort()).toEqual(source.entityMetadatas.map(({ tableName }) => tableName).sort());
      return Promise.resolve();
    }));

  it('is purged of what has expired and of nothing else, by one process at a time', async () => {
    const provider = await startProvider({ databaseUrl: url });
    try {
      const registered = await provider.addClient();
      const browser = await provider.logIn(await provider.addUser());
      const { code, verifier } = await authorize(provider, browser, registered.client, {
        scope: 'openid offline_access',
      });
      await redeem(provider, registered, code, verifier);
      await authorize(provider, browser, registered.client, { scope: 'openid' });
      const count = async (table: string): Promise<number> => {
        const rows = await provider.store.reader.query<{ count: number | string }[]>(
          `SELECT COUNT(*) AS count FROM ${table}`,
        );
        return Number(rows[0]?.count);
      };
      const purge = provider.app.get(PurgeService);
      expect(await purge.purge()).toBe(0);
      expect(await count('authorization_codes')).toBe(2);

      provider.clock.advance(7200);
      expect(await purge.purge()).toBeGreaterThan(0);
      // The unspent code and its grant, and the access token; what the refresh token needs stays.
      expect(await count('access_tokens')).toBe(0);
      expect(await count('authorization_codes')).toBe(1);
      expect(await count('grants')).toBe(1);
      expect(await count('refresh_tokens')).toBe(1);

      provider.clock.advance(31 * 24 * 3600);
      await purge.purge();
      for (const table of [
        'refresh_tokens',
        'grants',
        'authorization_codes',
        'sessions',
        'kept_requests',
        'one_time_links',
      ])
        expect([table, await count(table)]).toEqual([table, 0]);
      expect(await count('users')).toBe(2);
      expect(await count('clients')).toBe(1);

      const other = await startProvider({
        databaseUrl: url,
        clock: provider.clock,
        env: { GATEHOUSE_SECRET_KEY: provider.secretKey },
      });
      try {
        expect(await other.app.get(PurgeService).purge()).toBe(0);
      } finally {
        await other.close();
      }
    } finally {
      await provider.close();
    }
  });
});
