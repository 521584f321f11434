import type { Database } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SnakeNames } from './naming.js';

/** The one file that names the SQLite driver: see docs/adr/0001. */
export type SqliteDatabase = Database;

type Entities = NonNullable<DataSourceOptions['entities']>;
type Migrations = NonNullable<DataSourceOptions['migrations']>;

/** The write handle. WAL, and every commit flushed: better-sqlite3 is compiled with NORMAL in WAL mode. */
export function sqliteWriter(path: string, entities: Entities, migrations: Migrations): DataSource {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      database: path,
      enableWAL: true,
      // SQLite's own busy handler sleeps on the event loop: the lane waits instead.
      timeout: 0,
      prepareDatabase: (database: SqliteDatabase) => {
        database.pragma('synchronous = FULL');
        database.pragma('wal_autocheckpoint = 1000');
      },
      entities,
      migrations,
      migrationsTransactionMode: 'each',
      namingStrategy: new SnakeNames(),
      synchronize: false,
      logging: false,
    }),
  );
}

/** The read handle: committed data only. */
export function sqliteReader(path: string, entities: Entities): DataSource {
  return portable(
    new DataSource({
      type: 'better-sqlite3',
      database: path,
      readonly: true,
      fileMustExist: true,
      timeout: 50,
      entities,
      namingStrategy: new SnakeNames(),
      synchronize: false,
      logging: false,
    }),
  );
}

export function databaseOf(source: DataSource): SqliteDatabase {
  return (source.driver as unknown as { databaseConnection: SqliteDatabase }).databaseConnection;
}

interface TypeMapper {
  supportedDataTypes: string[];
  normalizeType(column: { type?: unknown }): string;
}

/** Entities are written once, in PostgreSQL's words; here is what SQLite calls them. */
function portable(source: DataSource): DataSource {
  const driver = source.driver as unknown as TypeMapper;
  const names: Readonly<Record<string, string>> = { bigint: 'integer', bytea: 'blob' };
  driver.supportedDataTypes = [...driver.supportedDataTypes, 'bytea'];
  const normalize = driver.normalizeType.bind(driver);
  driver.normalizeType = (column) => {
    const name = normalize(column);
    return names[name] ?? name;
  };
  return source;
}
