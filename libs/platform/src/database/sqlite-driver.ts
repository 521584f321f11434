import Driver, { type Database, type Statement } from 'better-sqlite3';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SnakeNames } from './naming.js';
import { driverCode } from './store-error.js';

/** The SQLite driver, which only this file imports: it opens the two handles of a database file and interprets the driver's errors. */
export type SqliteDatabase = Database;
export type SqliteStatement = Statement<unknown[]>;

type Entities = NonNullable<DataSourceOptions['entities']>;
type Migrations = NonNullable<DataSourceOptions['migrations']>;

const busyPatienceMilliseconds = 30_000;
const cacheKibibytes = 8192;
/** The log is normally at most half as long; it grows while a reader holds an old snapshot. */
export const maxWalBytes = 64 * 1024 * 1024;

/** The write handle, not yet open: WAL, and every commit is flushed. */
export function sqliteWriter(path: string, entities: Entities, migrations: Migrations): DataSource {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      driver: Driver,
      database: path,
      // SQLite's own busy handler blocks the event loop: whenNotBusy retries instead.
      timeout: 0,
      prepareDatabase: makeDurable,
      entities,
      migrations,
      namingStrategy: new SnakeNames(),
      synchronize: false,
      logging: false,
    }),
  );
}

/** The read handle, not yet open: committed data only. Open it after the writer, which creates the file. */
export function sqliteReader(path: string, entities: Entities): DataSource {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      driver: Driver,
      database: path,
      readonly: true,
      fileMustExist: true,
      // Needed only while the last other process closes the file and checkpoints its log.
      timeout: 50,
      entities,
      namingStrategy: new SnakeNames(),
      synchronize: false,
      logging: false,
    }),
  );
}

/** An open, empty database in memory: shows what a migration creates. The caller destroys it. */
export function sqliteInMemory(): Promise<DataSource> {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      driver: Driver,
      database: ':memory:',
      synchronize: false,
      logging: false,
    }),
  ).initialize();
}

/** A file without TypeORM, for copies and checks. The caller closes it. */
export function openSqliteFile(path: string, options: { readonly readonly: boolean }): SqliteDatabase {
  return new Driver(path, { ...options, fileMustExist: true, timeout: 0 });
}

export function databaseOf(source: DataSource): SqliteDatabase {
  // TypeORM's type covers all databases; this driver is created above.
  return (source.driver as unknown as { readonly databaseConnection: SqliteDatabase }).databaseConnection;
}

export function isBusy(error: unknown): boolean {
  return driverCode(error).startsWith('SQLITE_BUSY');
}

/** The file is not a SQLite database, or is damaged. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(driverCode(error));
}

/** The database is unavailable for a reason outside the statement: locked, disk full, I/O error. */
export function isSqliteOutage(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|CANTOPEN|PROTOCOL)/.test(driverCode(error));
}

/** Does the work, and retries it while another process holds the lock, without blocking the event loop. */
export async function retryWhileBusy<T>(work: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + busyPatienceMilliseconds;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error;
      await pause(wait);
    }
  }
}

async function makeDurable(database: SqliteDatabase): Promise<void> {
  try {
    // Takes effect only in an empty file, before its first page; other files keep their mode until they are compacted.
    await retryWhileBusy(() => database.pragma('auto_vacuum = INCREMENTAL'));
    // Two processes that create the same file at once conflict here.
    await retryWhileBusy(() => database.pragma('journal_mode = WAL'));
    // The driver is compiled with NORMAL for WAL files, with which a power failure can lose the last commits.
    database.pragma('synchronous = FULL');
    // SQLite's default of 2 MB is too small for the inner pages of large tables; memory is used only as the file grows.
    database.pragma(`cache_size = -${cacheKibibytes}`);
    // Without a limit the log file never shrinks. Applied when the log restarts.
    database.pragma(`journal_size_limit = ${maxWalBytes}`);
    const mode = database.pragma('journal_mode', { simple: true });
    const synchronous = database.pragma('synchronous', { simple: true });
    // A response means that its data is on disk: do not run where that is not guaranteed.
    if (mode !== 'wal' || synchronous !== 2)
      throw new Error(
        `it must run with journal_mode=WAL and synchronous=FULL (it says ${String(mode)}, ${String(synchronous)})`,
      );
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Entities use PostgreSQL's type names; maps them to SQLite's. */
function portable(source: DataSource): DataSource {
  const names: Readonly<Record<string, string>> = { bigint: 'integer', bytea: 'blob' };
  const { driver } = source;
  const normalize = driver.normalizeType.bind(driver);
  driver.normalizeType = (column) => {
    const name = normalize(column);
    return names[name] ?? name;
  };
  return source;
}
