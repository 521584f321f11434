import pg from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { SnakeNames } from './naming.js';
import { driverCode, unavailable } from './store-error.js';

/** The one file that names the PostgreSQL driver: it opens the two pools of a database and knows the driver's errors. */
export type PostgresPool = pg.Pool;
export type PostgresClient = pg.PoolClient;
export type ListeningClient = pg.Client;

type Entities = NonNullable<DataSourceOptions['entities']>;
type Migrations = NonNullable<DataSourceOptions['migrations']>;

/** How long one statement, or a whole unit, may take. */
export const unitMilliseconds = 15_000;
const connectMilliseconds = 5000;
const defaultConnections = 16;

/** The pool for units, not open yet. */
export function postgresWriter(
  url: string,
  entities: Entities,
  migrations: Migrations,
  connections = defaultConnections,
): DataSource {
  return sourceOf(url, entities, migrations, Math.max(1, Math.ceil(connections / 2)), {});
}

/** The pool for reading, not open yet. It cannot write, as on SQLite, and units never take its connections. */
export function postgresReader(url: string, entities: Entities, connections = defaultConnections): DataSource {
  const source = sourceOf(url, entities, [], Math.max(1, Math.floor(connections / 2)), {
    options: '-c default_transaction_read_only=on',
  });
  const create = source.createQueryRunner.bind(source);
  // TypeORM's own reads say of a database that is away what the store's say.
  source.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner) as (...parameters: Parameters<QueryRunner['query']>) => Promise<unknown>;
    return Object.assign(runner, {
      query: (...parameters: Parameters<QueryRunner['query']>) =>
        query(...parameters).catch((error: unknown) => {
          throw isPostgresOutage(error) ? unavailable('the database cannot be read now', error) : error;
        }),
    });
  };
  return source;
}

/** A connection that waits for what others say, not open yet; no query on it takes longer than a connection attempt may. */
export function listeningClient(url: string): ListeningClient {
  return new pg.Client({
    connectionString: url,
    application_name: 'gatehouse',
    keepAlive: true,
    connectionTimeoutMillis: connectMilliseconds,
    query_timeout: connectMilliseconds,
  });
}

/** What a client was told is on disk: refuses a server that answers before it has written. */
export async function checkDurable(source: DataSource): Promise<void> {
  const [row] = await source.query<{ synchronous_commit: string }[]>('SHOW synchronous_commit');
  if (row?.synchronous_commit !== 'off') return;
  await source.destroy();
  throw new Error('it runs with synchronous_commit=off and would forget what clients were told; set it to on');
}

export function postgresPool(source: DataSource): PostgresPool {
  // TypeORM types its driver for all databases; this one is ours, made below.
  return (source.driver as unknown as { readonly master: PostgresPool }).master;
}

/** The server rolled the transaction back because of another one: the unit may run again. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(driverCode(error));
}

/** All connections of the pool are taken; the server itself may be well. */
export function isPoolExhausted(error: unknown): boolean {
  return /timeout exceeded when trying to connect/i.test(messageOf(error));
}

/** The connection is gone, or could not be made. */
export function isConnectionLost(error: unknown): boolean {
  const code = driverCode(error);
  if (/^(08|57P0|25P03)/.test(code)) return true;
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET)/.test(code)) return true;
  return /connection terminated|connection error|client was closed|not queryable/i.test(messageOf(error));
}

/**
 * A table has got a column since the statement was prepared, by a process of the next version: it must be prepared anew,
 * on a new connection. Nothing was done.
 */
export function isOutdated(error: unknown): boolean {
  return driverCode(error) === '0A000' && /cached plan/i.test(messageOf(error));
}

/** The server that we write to follows another one. Said to the reader, it is a write that strayed there: our mistake. */
export function isStandby(error: unknown): boolean {
  return driverCode(error) === '25006';
}

/** The database cannot serve now, for a reason outside the statement. */
export function isPostgresOutage(error: unknown): boolean {
  if (isConnectionLost(error) || isConflict(error) || isPoolExhausted(error)) return true;
  // 53: out of disk, memory or connections; 57014, 55P03: a statement or a lock took too long.
  return /^(53|57014|55P03)/.test(driverCode(error)) || /query read timeout/i.test(messageOf(error));
}

const bool = 16;
const int8 = 20;
const numeric = 1700;

type Parser = (text: string) => unknown;

/** int8, and numeric (what `sum()` of an int8 is), as numbers: what we keep are safe integers. */
function parserOf(type: number, format?: string): Parser {
  if (type === int8 || type === numeric) return Number;
  return pg.types.getTypeParser(type, format as 'text') as Parser;
}

/** How named statements read a row: as SQLite gives it, booleans as 0 and 1. */
export const namedStatementTypes = {
  getTypeParser: (type: number, format?: string): Parser =>
    type === bool ? (text) => (text === 't' ? 1 : 0) : parserOf(type, format),
} as pg.CustomTypesConfig;

function sourceOf(
  url: string,
  entities: Entities,
  migrations: Migrations,
  poolSize: number,
  extra: { readonly options?: string },
): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    entities,
    migrations,
    namingStrategy: new SnakeNames(),
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolSize,
    connectTimeoutMS: connectMilliseconds,
    applicationName: 'gatehouse',
    // A connection that breaks while it idles is replaced at its next use; without a listener it would end the process.
    poolErrorHandler: () => undefined,
    extra: {
      types: { getTypeParser: parserOf },
      keepAlive: true,
      statement_timeout: unitMilliseconds,
      idle_in_transaction_session_timeout: unitMilliseconds,
      ...extra,
    },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
