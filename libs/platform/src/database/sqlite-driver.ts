import Driver, { type Database, type Statement } from 'better-sqlite3';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SnakeNames } from './naming.js';
import { driverCode } from './store-error.js';

/** The one file that names the SQLite driver: it opens the two handles of a database file and knows the driver's errors. */
export type SqliteDatabase = Database;
export type SqliteStatement = Statement<unknown[]>;

type Entities = NonNullable<DataSourceOptions['entities']>;
type Migrations = NonNullable<DataSourceOptions['migrations']>;

const busyPatienceMilliseconds = 30_000;
const cacheKibibytes = 8192;
/** The log is normally half as long at most; it grows beyond that while a reader holds an old snapshot. */
export const maxWalBytes = 64 * 1024 * 1024;

/** The write handle, not open yet: WAL, and every commit flushed. */
export function sqliteWriter(path: string, entities: Entities, migrations: Migrations): DataSource {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      driver: Driver,
      database: path,
      // SQLite's own busy handler sleeps on the event loop: whoever meets a lock comes again, see whenNotBusy.
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

/** The read handle, not open yet: committed data only. The writer makes the file and is opened first. */
export function sqliteReader(path: string, entities: Entities): DataSource {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      driver: Driver,
      database: path,
      readonly: true,
      fileMustExist: true,
      // Met only while another process, the last one to go, folds its log back into the file.
      timeout: 50,
      entities,
      namingStrategy: new SnakeNames(),
      synchronize: false,
      logging: false,
    }),
  );
}

/** An empty database in memory, open: shows what a migration makes. The caller destroys it. */
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

/** A file alone, without TypeORM: for copies and checks. The caller closes it. */
export function openSqliteFile(path: string, options: { readonly readonly: boolean }): SqliteDatabase {
  return new Driver(path, { ...options, fileMustExist: true, timeout: 0 });
}

export function databaseOf(source: DataSource): SqliteDatabase {
  // TypeORM types its driver for all databases; this one is ours, made above.
  return (source.driver as unknown as { readonly databaseConnection: SqliteDatabase }).databaseConnection;
}

export function isBusy(error: unknown): boolean {
  return driverCode(error).startsWith('SQLITE_BUSY');
}

/** The file is no SQLite database, or a damaged one. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(driverCode(error));
}

/** The engine cannot serve now, for a reason outside the statement: locked, full, I/O error. */
export function isSqliteOutage(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|CANTOPEN|PROTOCOL)/.test(driverCode(error));
}

/** Does the work, and again while another process holds the lock, without keeping the event loop. */
export async function whenNotBusy<T>(work: () => T | Promise<T>): Promise<T> {
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
    // Of an empty file; one that has tables keeps what it has until it is compacted. Before the file gets its first page.
    await whenNotBusy(() => database.pragma('auto_vacuum = INCREMENTAL'));
    // Two processes that make the same file at once meet here.
    await whenNotBusy(() => database.pragma('journal_mode = WAL'));
    // The driver is compiled with NORMAL for WAL files, where a power cut forgets the last commits.
    database.pragma('synchronous = FULL');
    // SQLite's own 2 MB are too few for the inner pages of large tables; taken only as the file grows.
    database.pragma(`cache_size = -${cacheKibibytes}`);
    // SQLite keeps the log's file as long as it ever was, unless a limit is set: applied when the log begins again.
    database.pragma(`journal_size_limit = ${maxWalBytes}`);
    const mode = database.pragma('journal_mode', { simple: true });
    const synchronous = database.pragma('synchronous', { simple: true });
    // What a client was told is on disk: refuse to run where that would not be so.
    if (mode !== 'wal' || synchronous !== 2)
      throw new Error(
        `it must run with journal_mode=WAL and synchronous=FULL (it says ${String(mode)}, ${String(synchronous)})`,
      );
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Entities are written once, in PostgreSQL's words; here is what SQLite calls them. */
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
