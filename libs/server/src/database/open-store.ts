import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { postgresSource, PostgresStore } from './postgres-store.js';
import { sqliteReader, sqliteWriter } from './sqlite-driver.js';
import type { LaneOptions } from './sqlite-lane.js';
import { SqliteStore } from './sqlite-store.js';

export interface OpenOptions {
  /** `sqlite:PATH` or `postgres://…` */
  readonly url: string;
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  readonly migrations: NonNullable<DataSourceOptions['migrations']>;
  /** `off`: refuses to open a database whose schema is older than the code. */
  readonly migrate: 'auto' | 'off';
  /** Connections to PostgreSQL at most. */
  readonly connections?: number;
  readonly lane?: LaneOptions;
}

/** A store and the data source on committed data, which `@nestjs/typeorm` gets. */
export type OpenStore = SqliteStore | PostgresStore;

/** The database cannot be opened as it is; the message says what to do, and holds no password. */
export class CannotOpenStore extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotOpenStore';
  }
}

/** One step of the schema, and whether this database has made it. */
export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
}

/** Opens, migrates where that is wanted, and gives the store. @throws CannotOpenStore */
export async function openStore(options: OpenOptions): Promise<OpenStore> {
  const source = await openSource(options);
  try {
    if (options.migrate === 'auto') await migrateUp(source);
    else if ((await migrationStatus(source)).some((step) => !step.applied))
      throw new CannotOpenStore('the database is older than this version, and GATEHOUSE_MIGRATE is off: run npm run -s gatehouse -- migrate up');
    if (source.options.type === 'postgres') return new PostgresStore(source);
    const reader = sqliteReader(String(source.options.database), options.entities);
    await reader.initialize();
    return new SqliteStore(source, reader, options.lane);
  } catch (error) {
    if (source.isInitialized) await source.destroy();
    throw error;
  }
}

/** The data source alone, for commands on the schema. The caller destroys it. */
export async function openSource(options: Omit<OpenOptions, 'migrate'>): Promise<DataSource> {
  const source = sourceOf(options);
  try {
    await retryWhileBusy(() => source.initialize());
  } catch (error) {
    throw new CannotOpenStore(`the database ${withoutPassword(options.url)} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
  if (source.options.type === 'better-sqlite3') {
    const path = source.options.database;
    if (path !== ':memory:' && process.platform !== 'win32') chmodSync(path, 0o600);
  }
  return source;
}

export async function migrationStatus(source: DataSource): Promise<MigrationStatus[]> {
  const applied = new Set(await appliedNames(source));
  return source.migrations.map((migration) => {
    const name = migration.name ?? migration.constructor.name;
    return { name, applied: applied.has(name) };
  });
}

/** Runs what is missing; of two processes at once one runs and the other waits. @returns the names of what ran */
export async function migrateUp(source: DataSource): Promise<string[]> {
  return exclusively(source, async () => {
    // A look first: on a database that is up to date nothing is written, and nobody is waited for.
    if ((await migrationStatus(source)).every((step) => step.applied)) return [];
    return retryWhileBusy(async () => (await source.runMigrations({ transaction: 'each' })).map((migration) => migration.name));
  });
}

/** Takes back the last step. @returns its name, or undefined when there is none */
export async function migrateDown(source: DataSource): Promise<string | undefined> {
  return exclusively(source, async () => {
    const last = (await migrationStatus(source)).filter((step) => step.applied).at(-1);
    if (last) await retryWhileBusy(() => source.undoLastMigration({ transaction: 'each' }));
    return last?.name;
  });
}

function sourceOf(options: Omit<OpenOptions, 'migrate'>): DataSource {
  const { url, entities, migrations } = options;
  if (/^postgres(ql)?:\/\//.test(url)) return postgresSource(url, entities, migrations, options.connections ?? 10);
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined) throw new CannotOpenStore('the database URL must begin with sqlite: or postgres://');
  const absolute = resolve(path);
  if (!existsSync(dirname(absolute))) mkdirSync(dirname(absolute), { recursive: true, mode: 0o700 });
  return sqliteWriter(absolute, entities, migrations);
}

/** Asks in the catalog first: looking must not make the table. */
async function appliedNames(source: DataSource): Promise<string[]> {
  const table = source.options.migrationsTableName ?? 'migrations';
  const runner = source.createQueryRunner();
  try {
    if (!(await runner.hasTable(table))) return [];
    const rows = (await runner.query(`SELECT name FROM "${table}" ORDER BY id`)) as { name: string }[];
    return rows.map((row) => row.name);
  } finally {
    await runner.release();
  }
}

/** Any number that is ours alone on a database that others use too. */
const advisoryLock = 7_203_614_519;

async function exclusively<T>(source: DataSource, work: () => Promise<T>): Promise<T> {
  if (source.options.type !== 'postgres') return work(); // the file's own lock, see retryWhileBusy
  const runner = source.createQueryRunner();
  try {
    await runner.connect();
    await runner.query('SET statement_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [advisoryLock]);
    try {
      return await work();
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [advisoryLock]);
      await runner.query('RESET statement_timeout');
    }
  } finally {
    await runner.release();
  }
}

/** SQLite: another process holds the file. It is waited for here, because its own waiting would stop the event loop. */
async function retryWhileBusy<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const busy = /SQLITE_BUSY|database is locked/.test(`${String((error as { code?: unknown }).code)} ${messageOf(error)}`);
      if (!busy || Date.now() > deadline) throw error;
      await pause(20);
    }
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/([^:@/]*):[^@/]*@/, '//$1:…@');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
