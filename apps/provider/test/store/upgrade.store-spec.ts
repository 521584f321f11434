import { epochSeconds } from '@gatehouse/domain/kernel';
import { ManualClock } from '@gatehouse/platform/clock';
import { migrateDown, migrateUp, migrationStatus, openSource } from '@gatehouse/platform/database/open-store';
import { schemaDifferences } from '@gatehouse/platform/database/schema-differences';
import type { DataSource } from 'typeorm';
import { entities, migrations, tablesInOrder } from '../../src/schema';
import { examine } from '../fixtures/previous-release/examine';
import type { Held } from '../fixtures/previous-release/held';
import { addEnded } from '../fixtures/previous-release/populate';
import { engines } from '../support/engines';
import { loadFixture, readFixture, rowsOf, schemaOf, type Rows } from '../support/previous-release';
import { buildProvider, runCommand } from '../support/processes';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(300_000);

const fixture = readFixture();
const settings = {
  GATEHOUSE_SECRET_KEY: fixture.secretKey,
  GATEHOUSE_ISSUER: fixture.issuer,
  GATEHOUSE_THROTTLE: 'off',
  GATEHOUSE_REFRESH_RETRY_WINDOW: '0',
  GATEHOUSE_CODE_LIFETIME: '600',
};

/** Tables whose rows do not end with time: an upgrade or a rollback loses none of them. */
const lasting = tablesInOrder.filter(
  (table) =>
    ![
      'leases',
      'cache_versions',
      'one_time_links',
      'kept_requests',
      'spent_ids',
      'consents',
      'activity_hours',
      'form_refusals',
    ].includes(table),
);

describe.each(engines)("the previous release's database on %s", (name, engineOf) => {
  const engine = engineOf();
  const heldOf = (): Held => (name === 'SQLite' ? readFixture().sqlite : readFixture().postgres);
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

  const withSource = async <T>(work: (source: DataSource) => Promise<T>, at = url): Promise<T> => {
    const source = await openSource({ url: at, entities, migrations });
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  };
  const appliedIn = async (source: DataSource): Promise<string[]> =>
    (await migrationStatus(source)).filter(({ applied }) => applied).map((migration) => migration.name);
  const command = async (words: readonly string[], stdin?: string): Promise<Record<string, unknown>> =>
    (await runCommand(words, { ...settings, GATEHOUSE_DATABASE_URL: url }, stdin)).json();

  /** Serves the database with the current code, so many seconds after the previous release wrote it. */
  async function serving(later: number, work: (provider: TestProvider) => Promise<void>): Promise<void> {
    const clock = new ManualClock(epochSeconds(fixture.takenAt + later));
    const provider = await startProvider({ databaseUrl: url, env: settings, clock });
    try {
      await work(provider);
    } finally {
      await provider.close();
    }
  }
  const siteOf = ({ base, issuer, clock }: TestProvider) => ({ base, issuer, now: () => clock.now() });

  it('is upgraded, rolled back and upgraded again: what is held works each time, and nothing ended comes back', async () => {
    const held = heldOf();
    const before = await withSource(async (source) => {
      const tables = await lastingIn(source);
      return { migrations: await appliedIn(source), tables, rows: await rowsOf(source, tables) };
    });
    await serving(60, async (provider) => {
      expect(await examine(siteOf(provider), held)).toMatchObject({ wrong: [] });
      const verified = await runCommand(['audit', 'verify'], { ...settings, GATEHOUSE_DATABASE_URL: url });
      expect([verified.code, verified.stderr]).toEqual([0, '']);
      await addEnded(siteOf(provider), command, held);
    });
    const ended = await withSource(async (source) => {
      expect(await schemaDifferences(source)).toEqual([]);
      const upgraded = await rowsOf(source, lasting);
      expect(lostOf(before.rows, upgraded)).toEqual([]);
      await revertAll(source);
      expect(await appliedIn(source)).toEqual(before.migrations);
      expect(await lastingIn(source)).toEqual(before.tables);
      const reverted = await rowsOf(source, before.tables);
      expect(lostOf(before.rows, reverted)).toEqual([]);
      expect(lostOf(upgraded, reverted).filter((row) => before.tables.includes(tableOf(row)))).toEqual([]);
      return reverted;
    });
    await serving(180, async (provider) => {
      const findings = await examine(siteOf(provider), held);
      expect(findings.wrong).toEqual([]);
      expect(findings.tried).toBeGreaterThan(35);
      const verified = await runCommand(['audit', 'verify'], { ...settings, GATEHOUSE_DATABASE_URL: url });
      expect([verified.code, verified.stderr]).toEqual([0, '']);
    });
    await withSource(async (source) => expect(lostOf(ended, await rowsOf(source, lasting))).toEqual([]));
  });

  it('has the schema of the previous release again once its migrations are reverted', async () => {
    const schema = await withSource(schemaOf);
    await withSource(async (source) => {
      await migrateUp(source);
      expect(await schemaOf(source)).not.toEqual(schema);
      await revertAll(source);
      expect(await schemaOf(source)).toEqual(schema);
      if (source.options.type !== 'postgres') expect(await source.query('PRAGMA foreign_key_check')).toEqual([]);
    });
  });

  it('ends, on the way back, what relied on migrations that the previous release does not know', async () => {
    await withSource(async (source) => {
      const count = async (table: string, condition = '1 = 1'): Promise<number> => {
        const text = `SELECT count(*) AS rows FROM ${table} WHERE ${condition}`;
        const [row] = await source.query<{ rows: number | string }[]>(text);
        return Number(row?.rows);
      };
      await migrateUp(source);
      const [consents, requests] = [await count('consents'), await count('kept_requests')];
      expect(await count('consents', `resources <> '[]'`)).toBe(1);
      for (const [issuer, resources] of [
        ['https://limited.test', `'["https://api.test/"]'`],
        ['https://open.test', 'NULL'],
      ] as const)
        await source.query(
          `INSERT INTO trusted_issuers
             (id, issuer, name, jwks, subject, scope, created_at, updated_at, clients, resources)
           VALUES ('${issuer}', '${issuer}', 'Issuer', '{"keys":[]}', 'id', '["read"]', 1, 1, '[]', ${resources})`,
        );
      await source.query(
        'UPDATE kept_requests SET dismissed_at = 1 WHERE selector = (SELECT min(selector) FROM kept_requests)',
      );
      await revertAll(source);
      expect(await source.query('SELECT issuer FROM trusted_issuers')).toEqual([{ issuer: 'https://open.test' }]);
      expect(await count('consents', `resources <> '[]'`)).toBe(0);
      expect(await count('consents')).toBe(consents - 1);
      expect(await count('kept_requests')).toBe(requests - 1);
    });
  });
});

/** To what the previous release has: its own migrations are not reverted. */
async function revertAll(source: DataSource): Promise<void> {
  while ((await migrateDown(source)) !== undefined);
}

/** The lasting tables that this schema has: a later migration may add one. */
async function lastingIn(source: DataSource): Promise<readonly string[]> {
  const runner = source.createQueryRunner();
  try {
    const found: string[] = [];
    for (const table of lasting) if (await runner.hasTable(table)) found.push(table);
    return found;
  } finally {
    await runner.release();
  }
}

function tableOf(row: string): string {
  return row.split(' ')[0] ?? '';
}

/** Live rows that are missing, and rows that had ended and have not any longer. One that has ended may be purged. */
function lostOf(before: Rows, after: Rows): string[] {
  return Object.entries(before)
    .filter(([row, ended]) => {
      const now = after[row]?.split(',');
      return ended === '' ? now === undefined : now && ended.split(',').some((column) => !now.includes(column));
    })
    .map(([row]) => row);
}
