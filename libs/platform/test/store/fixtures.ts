import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { BaselineMigration } from '../../src/database/baseline.js';
import {
  BytesColumn,
  FlagColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '../../src/database/columns.js';
import { ddl } from '../../src/database/ddl.js';
import { openStore, type OpenOptions, type OpenStore } from '../../src/database/open-store.js';
import { statement } from '../../src/database/store.js';
import { startPostgres, withPostgres, type TestPostgres } from '../support/postgres.js';

@Entity('things')
export class Thing {
  @SelectorPrimaryColumn()
  selector!: number;

  @TextColumn()
  tag!: string;

  @IdColumn({ nullable: true })
  ownerId!: string | null;

  @InstantColumn({ nullable: true })
  consumedAt!: number | null;

  @IntegerColumn()
  useCount!: number;

  @FlagColumn()
  isOpen!: boolean;

  @BytesColumn({ nullable: true })
  tagHash!: Buffer | null;

  @JsonColumn({ name: 'labels', maxLength: 40 })
  labelList!: string[];
}

export class FirstThings1764000000001 implements MigrationInterface {
  readonly name = 'FirstThings1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`CREATE TABLE things (
      selector ${t.selector}, tag ${t.text} NOT NULL, owner_id ${t.id}, consumed_at ${t.instant},
      use_count ${t.integer} NOT NULL, is_open ${t.flag} NOT NULL, tag_hash ${t.bytes}, labels ${t.json} NOT NULL)`);
    await runner.query('CREATE UNIQUE INDEX things_tag ON things (tag)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE things');
  }
}

export class SecondThings1764000000002 implements MigrationInterface {
  readonly name = 'SecondThings1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE parts (thing_selector ${ddl(runner).instant} NOT NULL)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE parts');
  }
}

/** Replaces the two migrations above. */
export class ThingsBaseline1795900000000 implements BaselineMigration {
  readonly name = 'ThingsBaseline1795900000000';
  readonly version = '0.1';
  readonly replaces = ['FirstThings1764000000001', 'SecondThings1764000000002'];

  async up(runner: QueryRunner): Promise<void> {
    for (const Migration of [FirstThings1764000000001, SecondThings1764000000002]) await new Migration().up(runner);
  }

  async down(): Promise<void> {
    // Keeps the schema.
  }
}

export class ThingColors1795950000101 implements MigrationInterface {
  readonly name = 'ThingColors1795950000101';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE things ADD COLUMN color ${ddl(runner).text}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE things DROP COLUMN color');
  }
}

export const things = {
  insert: statement(
    'things.insert',
    `INSERT INTO things (selector, tag, use_count, is_open, labels) VALUES ($1, $2, 0, true, '[]')`,
  ),
  find: statement('things.find', 'SELECT * FROM things WHERE selector = $1'),
  all: statement('things.all', 'SELECT tag FROM things ORDER BY tag'),
  count: statement('things.count', 'SELECT count(*) AS n FROM things'),
  consume: statement(
    'things.consume',
    'UPDATE things SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL',
  ),
  use: statement('things.use', 'UPDATE things SET use_count = use_count + 1 WHERE selector = $1 RETURNING use_count'),
  /** Uses the second parameter first, and the first one twice. */
  crossed: statement('things.crossed', 'SELECT tag FROM things WHERE tag = $2 AND selector >= $1 AND selector <= $1'),
};

export interface TestEngine {
  readonly name: 'sqlite' | 'postgres';
  /** Starts the server that all tests of a file share. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The URL of a database that does not exist yet, or is empty. */
  freshUrl(): Promise<string>;
}

export function sqliteEngine(): TestEngine {
  let folder = '';
  let made = 0;
  return {
    name: 'sqlite',
    start: async () => void (folder = await mkdtemp(join(tmpdir(), 'gatehouse-store-'))),
    stop: () => rm(folder, { recursive: true, force: true }),
    freshUrl: () => Promise.resolve(`sqlite:${join(folder, `database-${(made += 1)}`, 'test.sqlite')}`),
  };
}

export function postgresEngine(): TestEngine {
  let server: TestPostgres;
  return {
    name: 'postgres',
    start: async () => void (server = await startPostgres()),
    stop: () => server.stop(),
    freshUrl: () => server.url('store'),
  };
}

export const engines: readonly (readonly [string, () => TestEngine])[] = [
  ['SQLite', sqliteEngine],
  ...(withPostgres ? [['PostgreSQL', postgresEngine] as const] : []),
];

/** Opens a store with the table `things`. */
export function openThings(url: string, more: Partial<OpenOptions> = {}): Promise<OpenStore> {
  return openStore({ url, entities: [Thing], migrations: [FirstThings1764000000001], migrate: 'auto', ...more });
}

export function turns(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The error with which a promise rejects; fails if it resolves. */
export async function refusalOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}
