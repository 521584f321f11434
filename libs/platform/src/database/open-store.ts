import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { CannotOpenStore } from './cannot-open-store.js';
import { parseDatabaseUrl } from './database-url.js';
import { checkApplied, migrateUp, migrationStatus, pendingOf, type CopyReport } from './migrations.js';
import { PostgresHosts } from './postgres-hosts.js';
import type { PostgresOptions, PostgresStore } from './postgres-store.js';
import { sqliteReader, sqliteWriter } from './sqlite-driver.js';
import type { LaneOptions } from './sqlite-lane.js';
import { SqliteStore } from './sqlite-store.js';

export { CannotOpenStore } from './cannot-open-store.js';
export {
  migrateDown,
  migrateUp,
  migrationStatus,
  missingMigrations,
  type MigrationMode,
  type MigrationStatus,
} from './migrations.js';

export interface OpenOptions {
  /** `sqlite:PATH` or `postgres://…` */
  readonly url: string;
  /** Base of relative SQLite paths; the working directory by default. */
  readonly dataDir?: string | undefined;
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  readonly migrations: NonNullable<DataSourceOptions['migrations']>;
  /** `off`: do not open a database whose schema is older than the code. */
  readonly migrate: 'auto' | 'off';
  /** Maximum number of PostgreSQL connections: half for units of work, half for reads. */
  readonly connections?: number | undefined;
  readonly lane?: LaneOptions | undefined;
  readonly postgres?: PostgresOptions | undefined;
  /** Called with the progress of the copy that is made of a SQLite database before a migration. */
  readonly onCopy?: CopyReport | undefined;
}

/** A store and the data source of committed data for `@nestjs/typeorm`. */
export type OpenStore = SqliteStore | PostgresStore;

/** Opens the store and applies pending migrations if `migrate` is `auto`. @throws CannotOpenStore */
export async function openStore(options: OpenOptions): Promise<OpenStore> {
  const address = placeOf(options);
  const writer = await openWriter(options, address);
  let reader: DataSource | undefined;
  try {
    if (options.migrate === 'auto') await migrateUp(writer, 'run', options.onCopy);
    else {
      const status = await migrationStatus(writer);
      checkApplied(writer, status);
      const pending = pendingOf(status);
      if (pending.length > 0)
        throw new CannotOpenStore(
          `the database is older than this version (${pending.join(', ')} missing), and GATEHOUSE_MIGRATE is off: run npm run -s gatehouse -- migrate up`,
        );
    }
    if (address.kind === 'sqlite') {
      reader = await sqliteReader(address.path, options.entities).initialize();
      return new SqliteStore(writer, reader, options.lane);
    }
    const { driver, PostgresStore } = await postgres();
    reader = await driver.postgresReader(address.hosts, options.entities, options.connections).initialize();
    return new PostgresStore({ writer, reader, hosts: address.hosts }, options.postgres);
  } catch (error) {
    if (reader?.isInitialized) await reader.destroy();
    await writer.destroy();
    throw error;
  }
}

type SourceOptions = Omit<OpenOptions, 'migrate'>;

/** Only the write handle, for schema commands. The caller destroys it. @throws CannotOpenStore */
export async function openSource(options: SourceOptions): Promise<DataSource> {
  return openWriter(options, placeOf(options));
}

async function openWriter(options: SourceOptions, address: Place): Promise<DataSource> {
  try {
    if (address.kind === 'sqlite') {
      await makeFile(address.path);
      return await sqliteWriter(address.path, options.entities, options.migrations).initialize();
    }
    const { driver } = await postgres();
    const { entities, migrations, connections } = options;
    return await driver.postgresWriter(address.hosts, entities, migrations, connections).initialize();
  } catch (error) {
    throw new CannotOpenStore(`the database ${address.shown} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** Loaded on demand: installations on SQLite do not need its memory. */
async function postgres() {
  const [driver, { PostgresStore }] = await Promise.all([
    import('./postgres-driver.js'),
    import('./postgres-store.js'),
  ]);
  return { driver, PostgresStore };
}

type Place =
  | { readonly kind: 'sqlite'; readonly path: string; readonly shown: string }
  | { readonly kind: 'postgres'; readonly hosts: PostgresHosts; readonly shown: string };

function placeOf(options: Pick<OpenOptions, 'url' | 'dataDir'>): Place {
  try {
    const address = parseDatabaseUrl(options.url, options.dataDir);
    if (address.kind === 'sqlite') return address;
    return { kind: address.kind, shown: address.shown, hosts: new PostgresHosts(address) };
  } catch (error) {
    throw new CannotOpenStore(messageOf(error));
  }
}

/** SQLite creates its log files with the mode of the database file. */
async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await (await open(path, 'a', 0o600)).close();
}

function messageOf(error: unknown): string {
  // With several addresses of one host, the messages are in the parts.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
