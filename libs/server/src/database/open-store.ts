import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { parseDatabaseUrl } from './database-url.js';
import { migrateUp, migrationStatus, pendingOf, type CopyReport } from './migrations.js';
import type { PostgresOptions, PostgresStore } from './postgres-store.js';
import { sqliteReader, sqliteWriter } from './sqlite-driver.js';
import type { LaneOptions } from './sqlite-lane.js';
import { SqliteStore } from './sqlite-store.js';

export {
  migrateDown,
  migrateUp,
  migrationStatus,
  missingSteps,
  type MigrationMode,
  type MigrationStatus,
} from './migrations.js';

export interface OpenOptions {
  /** `sqlite:PATH` or `postgres://…` */
  readonly url: string;
  /** Where a relative SQLite path starts; the working directory when left out. */
  readonly dataDir?: string | undefined;
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  readonly migrations: NonNullable<DataSourceOptions['migrations']>;
  /** `off`: refuses to open a database whose schema is older than the code. */
  readonly migrate: 'auto' | 'off';
  /** Connections to PostgreSQL at most, half for units and half for reading. */
  readonly connections?: number | undefined;
  readonly lane?: LaneOptions | undefined;
  readonly postgres?: PostgresOptions | undefined;
  /** Hears how far the copy of a SQLite database is that is made before its migration. */
  readonly onCopy?: CopyReport | undefined;
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

/** Opens, migrates where that is wanted, and gives the store. @throws CannotOpenStore */
export async function openStore(options: OpenOptions): Promise<OpenStore> {
  const writer = await openSource(options);
  let reader: DataSource | undefined;
  try {
    if (options.migrate === 'auto') await migrateUp(writer, 'run', options.onCopy);
    else {
      const pending = pendingOf(await migrationStatus(writer));
      if (pending.length > 0)
        throw new CannotOpenStore(
          `the database is older than this version (${pending.join(', ')} missing), and GATEHOUSE_MIGRATE is off: run npm run -s gatehouse -- migrate up`,
        );
    }
    const address = addressOf(options);
    if (address.kind === 'sqlite') {
      reader = await sqliteReader(address.path, options.entities).initialize();
      return new SqliteStore(writer, reader, options.lane);
    }
    const { driver, PostgresStore } = await postgres();
    reader = await driver.postgresReader(address.url, options.entities, options.connections).initialize();
    return new PostgresStore(writer, reader, options.postgres);
  } catch (error) {
    if (reader?.isInitialized) await reader.destroy();
    await writer.destroy();
    throw error;
  }
}

/** The write handle alone, for commands on the schema. The caller destroys it. @throws CannotOpenStore */
export async function openSource(options: Omit<OpenOptions, 'migrate'>): Promise<DataSource> {
  const address = addressOf(options);
  try {
    if (address.kind === 'sqlite') {
      await makeFile(address.path);
      return await sqliteWriter(address.path, options.entities, options.migrations).initialize();
    }
    const { driver } = await postgres();
    const { entities, migrations, connections } = options;
    const source = await driver.postgresWriter(address.url, entities, migrations, connections).initialize();
    await driver.checkDurable(source);
    return source;
  } catch (error) {
    throw new CannotOpenStore(`the database ${address.shown} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** Loaded where it is used: whoever stays with SQLite does not pay for its memory. */
async function postgres() {
  const [driver, { PostgresStore }] = await Promise.all([
    import('./postgres-driver.js'),
    import('./postgres-store.js'),
  ]);
  return { driver, PostgresStore };
}

function addressOf(options: Pick<OpenOptions, 'url' | 'dataDir'>): ReturnType<typeof parseDatabaseUrl> {
  try {
    return parseDatabaseUrl(options.url, options.dataDir);
  } catch (error) {
    throw new CannotOpenStore(messageOf(error));
  }
}

/** The log files beside it take their mode from the file itself. */
async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await (await open(path, 'a', 0o600)).close();
}

function messageOf(error: unknown): string {
  // Several addresses of one host fail together: the message is in the parts.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
