import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import {
  CannotOpenStore,
  migrateDown,
  migrateUp,
  migrationStatus,
  openSource,
  openStore,
} from '../../src/database/open-store.js';
import {
  engines,
  FirstThings1764000000001,
  openThings,
  refusalOf,
  SecondThings1764000000002,
  Thing,
  things,
  turns,
} from './fixtures.js';

const both = [FirstThings1764000000001, SecondThings1764000000002];

/** Fails after creating a table. */
class Broken1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (a integer)');
    await runner.query('CREATE TABLE things (a integer)');
  }

  async down(): Promise<void> {
    // Never reached.
  }
}

describe.each(engines)('migrations on %s', (_name, makeEngine) => {
  const engine = makeEngine();
  let url: string;

  beforeAll(() => engine.start(), 60_000);
  afterAll(() => engine.stop(), 30_000);
  beforeEach(async () => void (url = await engine.freshUrl()));

  const withSource = async <T>(
    migrations: (new () => MigrationInterface)[],
    work: (source: Awaited<ReturnType<typeof openSource>>) => Promise<T>,
  ): Promise<T> => {
    const source = await openSource({ url, entities: [Thing], migrations });
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  };

  it('migrates up and down, and reports the state', async () => {
    await withSource(both, async (source) => {
      expect((await migrationStatus(source)).map((step) => step.applied)).toEqual([false, false]);
      expect(await migrateUp(source, 'dry run')).toEqual(['FirstThings1764000000001', 'SecondThings1764000000002']);
      expect((await migrationStatus(source)).map((step) => step.applied)).toEqual([false, false]);
      expect(await migrateUp(source)).toEqual(['FirstThings1764000000001', 'SecondThings1764000000002']);
      expect(await migrateUp(source)).toEqual([]);
      expect(await migrateDown(source, 'dry run')).toBe('SecondThings1764000000002');
      expect(await migrateDown(source)).toBe('SecondThings1764000000002');
      expect((await migrationStatus(source)).map((step) => step.applied)).toEqual([true, false]);
      expect(await migrateDown(source)).toBe('FirstThings1764000000001');
      expect(await migrateDown(source)).toBeUndefined();
      expect(await migrateUp(source)).toHaveLength(2);
    });
  });

  it('reverts the migration that was applied last, at any position in the list', async () => {
    // A migration may be inserted into the list before migrations that are already applied.
    await withSource([SecondThings1764000000002], async (source) => void (await migrateUp(source)));
    await withSource(both, async (source) => {
      expect(await migrateUp(source)).toEqual(['FirstThings1764000000001']);
      expect(await migrateDown(source, 'dry run')).toBe('FirstThings1764000000001');
      expect(await migrateDown(source)).toBe('FirstThings1764000000001');
      expect(await migrateDown(source)).toBe('SecondThings1764000000002');
    });
  });

  it('rolls back a failed migration, and keeps the ones before it', async () => {
    await withSource([FirstThings1764000000001, Broken1764000000003], async (source) => {
      expect((await refusalOf(migrateUp(source))).message).toMatch('Broken1764000000003 failed and was rolled back');
      expect((await migrationStatus(source)).map((step) => step.applied)).toEqual([true, false]);
      const runner = source.createQueryRunner();
      expect(await runner.hasTable('half')).toBe(false);
      await runner.release();
    });
  });

  it('does not open an older schema if it must not migrate', async () => {
    const refused = await refusalOf(openThings(url, { migrate: 'off' }));
    expect(refused).toBeInstanceOf(CannotOpenStore);
    expect(refused.message).toMatch(/FirstThings1764000000001 missing.*migrate up/);
    await (await openThings(url)).close();
    await (await openThings(url, { migrate: 'off' })).close();
  });

  it('opens a schema of a later version, and does not revert its migrations', async () => {
    await (await openThings(url, { migrations: both })).close();
    const store = await openThings(url, { migrate: 'off' });
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    await store.close();
    await withSource([FirstThings1764000000001], async (source) => {
      expect((await migrationStatus(source)).filter((step) => !step.known).map((step) => step.name)).toEqual([
        'SecondThings1764000000002',
      ]);
      expect((await refusalOf(migrateDown(source))).message).toMatch('the schema has migrations of a later version');
    });
  });

  it('runs each step once when started twice concurrently, and both processes continue', async () => {
    let ran = 0;
    class Slow1764000000001 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        ran += 1;
        await runner.query('CREATE TABLE slow (a integer)');
        await turns(200);
      }

      async down(): Promise<void> {
        // Not required.
      }
    }
    const stores = await Promise.all(
      [1, 2, 3].map(() => openStore({ url, entities: [], migrations: [Slow1764000000001], migrate: 'auto' })),
    );
    expect(ran).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
  });
});

describe('the database URL', () => {
  it('identifies a file or a PostgreSQL database', () => {
    expect(parseDatabaseUrl('sqlite:data/x.sqlite', '/srv')).toMatchObject({
      kind: 'sqlite',
      path: '/srv/data/x.sqlite',
    });
    expect(parseDatabaseUrl('sqlite:/var/x.sqlite', '/srv')).toMatchObject({ path: '/var/x.sqlite' });
    expect(parseDatabaseUrl('sqlite:///var/x.sqlite', '/srv')).toMatchObject({ path: '/var/x.sqlite' });
    expect(parseDatabaseUrl('postgresql://u:secret@db:5432/g')).toMatchObject({
      kind: 'postgres',
      shown: 'postgres://db:5432/g',
    });
  });

  it.each([
    '',
    'x.sqlite',
    'sqlite:',
    'sqlite://host/x',
    'sqlite::memory:',
    'mysql://u:secret@h/x',
    'postgres:u:secret@h',
    'postgres://u:secret@h:port/x',
  ])('refuses %j without repeating a password', async (url) => {
    const refused = await refusalOf(openThings(url));
    expect(refused).toBeInstanceOf(CannotOpenStore);
    expect(`${refused.message} ${String(refused.cause)}`).not.toMatch('secret');
  });

  it('does not disclose the password of an unavailable server', async () => {
    const refused = await refusalOf(openThings('postgres://u:secret@127.0.0.1:1/x'));
    expect(refused.message).toMatch(/postgres:\/\/127\.0\.0\.1:1\/x cannot be opened: .*ECONNREFUSED/);
    expect(refused.message).not.toMatch('secret');
  });
});

it('creates the SQLite file and its folder with access only for their owner', async () => {
  const engine = engines[0]?.[1]();
  if (engine === undefined) throw new Error('no engine');
  await engine.start();
  const url = await engine.freshUrl();
  const store = await openThings(url);
  await store.run((unit) => unit.change(things.insert, 1, 'a'));
  const path = url.slice('sqlite:'.length);
  const modes = await Promise.all(
    [dirname(path), path, `${path}-wal`, `${path}-shm`].map(async (name) => (await stat(name)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o600, 0o600, 0o600]);
  await store.close();
  await engine.stop();
});
