import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DataSource, MigrationInterface } from 'typeorm';
import {
  CannotOpenStore,
  migrateDown,
  migrateUp,
  migrationStatus,
  openSource,
  openStore,
} from '../../src/database/open-store.js';
import { readCatalog, type SchemaObject } from '../../src/database/schema-catalog.js';
import { administer } from '../support/postgres.js';
import {
  engines,
  FirstThings1764000000001,
  refusalOf,
  SecondThings1764000000002,
  Thing,
  ThingColors1795950000101,
  ThingsBaseline1795900000000,
} from './fixtures.js';

type Migrations = (new () => MigrationInterface)[];

/** The migrations of version 0.1, and those of the version with the baseline. */
const older: Migrations = [FirstThings1764000000001, SecondThings1764000000002];
const newer: Migrations = [ThingsBaseline1795900000000, ThingColors1795950000101];
const [first, second] = ['FirstThings1764000000001', 'SecondThings1764000000002'];
const [baseline, colors] = ['ThingsBaseline1795900000000', 'ThingColors1795950000101'];

describe.each(engines)('the baseline on %s', (name, makeEngine) => {
  const engine = makeEngine();
  let url: string;

  beforeAll(() => engine.start(), 60_000);
  afterAll(() => engine.stop(), 30_000);
  beforeEach(async () => void (url = await engine.freshUrl()));

  async function withSource<T>(migrations: Migrations, work: (source: DataSource) => Promise<T>): Promise<T> {
    const source = await openSource({ url, entities: [Thing], migrations });
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  }
  const up = (migrations: Migrations): Promise<string[]> => withSource(migrations, (source) => migrateUp(source));
  const down = (migrations: Migrations): Promise<string | undefined> =>
    withSource(migrations, (source) => migrateDown(source));
  const query = (text: string): Promise<unknown> => withSource(newer, (source) => source.query(text));
  const recorded = async (): Promise<string[]> =>
    ((await query('SELECT name FROM migrations ORDER BY id')) as { name: string }[]).map((row) => row.name);
  const catalog = (): Promise<SchemaObject[]> =>
    withSource(newer, async (source) => {
      const runner = source.createQueryRunner();
      try {
        return (await readCatalog(runner)).filter(({ table }) => table !== 'migrations');
      } finally {
        await runner.release();
      }
    });
  const opens = async (migrations: Migrations, migrate: 'auto' | 'off'): Promise<void> =>
    (await openStore({ url, entities: [Thing], migrations, migrate })).close();
  const copies = async (): Promise<string[]> => {
    const path = url.slice('sqlite:'.length);
    return (await readdir(dirname(path))).filter((each) => each.startsWith(`${basename(path)}.before-`));
  };
  const insertThing = (): Promise<unknown> =>
    query(`INSERT INTO things (selector, tag, use_count, is_open, labels) VALUES (1, 'a', 0, true, '[]')`);

  it('creates the schema of a new database, and is the only migration recorded for it', async () => {
    expect(await up(newer)).toEqual([baseline, colors]);
    expect(await recorded()).toEqual([baseline, colors]);
    await withSource(newer, async (source) =>
      expect(await migrationStatus(source)).toEqual([
        { name: baseline, applied: true, known: true },
        { name: colors, applied: true, known: true },
      ]),
    );
  });

  it('is recorded and not run if the migrations that it replaces are applied, and keeps their rows', async () => {
    await up(older);
    await insertThing();
    const before = await catalog();
    await withSource(newer, async (source) => {
      expect(await migrationStatus(source)).toEqual([
        { name: first, applied: true, known: true, replacedBy: baseline },
        { name: second, applied: true, known: true, replacedBy: baseline },
        { name: baseline, applied: false, known: true },
        { name: colors, applied: false, known: true },
      ]);
      expect(await migrateUp(source, 'dry run')).toEqual([baseline, colors]);
    });
    expect(await recorded()).toEqual([first, second]);
    expect(await up([ThingsBaseline1795900000000])).toEqual([baseline]);
    expect(await catalog()).toEqual(before);
    expect(await up(newer)).toEqual([colors]);
    expect(await up(newer)).toEqual([]);
    expect(await recorded()).toEqual([first, second, baseline, colors]);
    expect(await query('SELECT tag FROM things')).toEqual([{ tag: 'a' }]);
  });

  it('leaves a database that the previous version can use at the same time', async () => {
    await up(older);
    await opens(newer, 'auto');
    await opens(older, 'auto');
    await opens(older, 'off');
    await withSource(older, async (source) => {
      expect((await migrationStatus(source)).filter(({ known }) => !known).map((each) => each.name)).toEqual([
        baseline,
        colors,
      ]);
      expect((await refusalOf(migrateDown(source))).message).toMatch('the schema has migrations of a later version');
    });
  });

  it.each([
    ['adopted', older],
    ['made', []],
  ])('is reverted in a database that it %s, to what the version before has', async (_how, before) => {
    await up(before);
    await up(newer);
    expect(await down(newer)).toBe(colors);
    await insertThing();
    const schema = await catalog();
    expect(await down(newer)).toBe(baseline);
    expect((await recorded()).sort()).toEqual([first, second]);
    expect(await down(newer)).toBeUndefined();
    expect(await catalog()).toEqual(schema);
    await opens(older, 'off');
    expect(await up(newer)).toEqual([baseline, colors]);
    expect(await query('SELECT tag FROM things')).toEqual([{ tag: 'a' }]);
    expect(await down(newer)).toBe(colors);
    expect(await down(newer)).toBe(baseline);
    // The previous version reverts its own migrations.
    expect(await down(older)).toBe(second);
  });

  it('is adopted if later migrations were applied without it', async () => {
    await up([...older, ThingColors1795950000101]);
    expect(await up(newer)).toEqual([baseline]);
    expect(await recorded()).toEqual([first, second, colors, baseline]);
  });

  describe('rejects without changes', () => {
    async function refused(migrations: Migrations = newer): Promise<string> {
      const [schema, list] = [await catalog(), await recorded()];
      const refusals = [
        await refusalOf(withSource(migrations, (source) => migrateUp(source, 'dry run'))),
        await refusalOf(up(migrations)),
        await refusalOf(opens(migrations, 'auto')),
      ];
      for (const each of refusals) expect(each).toBeInstanceOf(CannotOpenStore);
      expect(new Set(refusals.map(({ message }) => message)).size).toBe(1);
      expect(await catalog()).toEqual(schema);
      expect(await recorded()).toEqual(list);
      if (name === 'SQLite') expect(await copies()).toEqual([]);
      return refusals[0]?.message ?? '';
    }

    it('a database with some of the migrations that it replaces, with and without permission to migrate', async () => {
      await up([FirstThings1764000000001]);
      const message = await refused();
      expect(message).toBe(
        `the database has 1 of the 2 migrations of version 0.1 (missing: ${second}): start version 0.1 on it once, or run its "migrate up", then start this version`,
      );
      expect((await refusalOf(opens(newer, 'off'))).message).toBe(message);
      await up(older);
      expect(await up(newer)).toEqual([baseline, colors]);
    });

    it('a database that lost some of them after it was adopted', async () => {
      await up(older);
      await up(newer);
      await query(`DELETE FROM migrations WHERE name = '${first}'`);
      expect((await refusalOf(up(newer))).message).toMatch(`(missing: ${first})`);
    });

    it('a database of other migrations', async () => {
      await withSource([SecondThings1764000000002], (source) => migrateUp(source));
      await query(`UPDATE migrations SET name = 'Others1764000000009'`);
      expect(await refused()).toMatch(
        `neither the migrations of version 0.1 nor ${baseline}, but others (Others1764000000009)`,
      );
    });

    it.each([
      ['DROP INDEX things_tag', 'index things_tag of table things is missing'],
      ['DROP TABLE parts', 'table parts is missing'],
      ['ALTER TABLE parts ADD COLUMN more text', 'column more of table parts is unknown'],
      ['ALTER TABLE things DROP COLUMN owner_id', 'column owner_id of table things is missing'],
      ['CREATE UNIQUE INDEX parts_own ON parts (thing_selector)', 'index parts_own of table parts is unknown'],
      [
        'DROP INDEX things_tag; CREATE INDEX things_tag ON things (tag)',
        /^index things_tag of table things is "CREATE INDEX .*" instead of "CREATE UNIQUE INDEX .*"$/,
      ],
      ...(name === 'SQLite'
        ? [
            [
              'DROP TABLE parts; CREATE TABLE parts (thing_selector text NOT NULL)',
              'column thing_selector of table parts is "text NOT NULL" instead of "integer NOT NULL"',
            ],
            [
              'DROP TABLE parts; CREATE TABLE parts (thing_selector integer NOT NULL CHECK (thing_selector > 0))',
              'table parts is "CHECK" instead of ""',
            ],
            [
              'DROP TABLE parts; CREATE TABLE parts (thing_selector integer NOT NULL REFERENCES things (selector))',
              'constraint FOREIGN KEY (thing_selector) of table parts is unknown',
            ],
            [
              'CREATE TRIGGER parts_more AFTER INSERT ON parts BEGIN DELETE FROM things; END',
              'trigger parts_more of table parts is unknown',
            ],
          ]
        : [
            [
              'ALTER TABLE parts ALTER COLUMN thing_selector TYPE integer',
              'column thing_selector of table parts is "integer NOT NULL" instead of "bigint NOT NULL"',
            ],
            [
              'ALTER TABLE parts ALTER COLUMN thing_selector DROP NOT NULL',
              'column thing_selector of table parts is "bigint" instead of "bigint NOT NULL"',
            ],
            [
              'ALTER TABLE parts ADD CONSTRAINT parts_positive CHECK (thing_selector > 0)',
              'constraint parts_positive of table parts is unknown',
            ],
            [
              `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
               CREATE TRIGGER parts_more AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION nothing()`,
              'trigger parts_more of table parts is unknown',
            ],
          ]),
    ] as [string, string | RegExp][])('a schema after %s', async (change, expected) => {
      await up(older);
      for (const statement of change.split(/; (?=CREATE)/)) await query(statement);
      const [head, ...lines] = (await refused()).split('\n- ');
      expect(head).toMatch(
        'the schema of the database is not that of version 0.1, and nothing was changed. Undo these',
      );
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(expected);
    });

    it('an incomplete schema with later migrations', async () => {
      await up([...older, ThingColors1795950000101]);
      await query('DROP INDEX things_tag');
      expect(await refused()).toMatch(/again:\n- index things_tag of table things is missing$/);
    });
  });

  it('ignores other objects in the schema, and indexes that are not unique', async () => {
    await up(older);
    await query('CREATE TABLE of_another_program (a integer)');
    await query('CREATE INDEX parts_of_operator ON parts (thing_selector)');
    expect(await up(newer)).toEqual([baseline, colors]);
  });

  if (name === 'SQLite')
    it('leaves a copy of the database from before it was adopted', async () => {
      await up(older);
      await up([ThingsBaseline1795900000000]);
      const [copy, ...others] = await copies();
      expect(others).toEqual([]);
      expect(copy).toMatch(`.before-${baseline}-`);
      const path = url.slice('sqlite:'.length);
      const { length } = await readFile(`${dirname(path)}/${copy}`);
      expect(length).toBeGreaterThan(4096);
    });
  else {
    it('is adopted with partitioned tables', async () => {
      await up(older);
      for (const text of [
        'DROP TABLE parts',
        'CREATE TABLE parts (thing_selector bigint NOT NULL) PARTITION BY RANGE (thing_selector)',
        'CREATE TABLE parts_all PARTITION OF parts DEFAULT',
      ])
        await query(text);
      expect(await up(newer)).toEqual([baseline, colors]);
    });

    it('reports the missing privilege if the role cannot create temporary tables', async () => {
      await up(older);
      const role = `limited_${Date.now()}`;
      const database = new URL(url).pathname.slice(1);
      for (const text of [
        `CREATE ROLE ${role} LOGIN PASSWORD 'limited'`,
        `REVOKE TEMPORARY ON DATABASE "${database}" FROM PUBLIC`,
        `GRANT SELECT ON migrations TO ${role}`,
      ])
        await administer(url, text);
      const own = url;
      url = Object.assign(new URL(url), { username: role, password: 'limited' }).href;
      const { message } = await refusalOf(up(newer));
      expect(message).toMatch(`run GRANT TEMPORARY ON DATABASE ${database} TO ${role} as its owner`);
      for (const text of [`DROP OWNED BY ${role}`, `DROP ROLE ${role}`]) await administer(own, text);
    });
  }
});
