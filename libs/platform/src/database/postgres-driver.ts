import pg from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { SnakeNames } from './naming.js';
import { isPostgresOutage } from './postgres-errors.js';
import type { PostgresHosts } from './postgres-hosts.js';
import { HostedClient, HostedPool, type HostedOptions } from './postgres-pool.js';
import { unavailable } from './store-error.js';

/** Opens the two pools of a database. Only this file and postgres-pool.ts name the PostgreSQL driver. */
export type PostgresPool = pg.Pool;
export type PostgresClient = pg.PoolClient;
export type ListeningClient = pg.Client;

type Entities = NonNullable<DataSourceOptions['entities']>;
type Migrations = NonNullable<DataSourceOptions['migrations']>;

/** How long one statement, or a whole unit, may take. */
export const unitMilliseconds = 15_000;
const connectMilliseconds = 5000;
/** A connection is replaced at that age: what is checked of a new one is checked now and then under steady load too. */
const connectionLifetimeSeconds = 900;
const defaultConnections = 16;

/** The pool for units, not open yet. */
export function postgresWriter(
  hosts: PostgresHosts,
  entities: Entities,
  migrations: Migrations,
  connections = defaultConnections,
): DataSource {
  const poolSize = Math.max(1, Math.ceil(connections / 2));
  return sourceOf({ hosts, purpose: 'units', entities, migrations, poolSize });
}

/** The pool for reading, not open yet. It cannot write, as on SQLite, and units never take its connections. */
export function postgresReader(hosts: PostgresHosts, entities: Entities, connections = defaultConnections): DataSource {
  const poolSize = Math.max(1, Math.floor(connections / 2));
  const source = sourceOf({ hosts, purpose: 'reads', entities, migrations: [], poolSize });
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

export function postgresPool(source: DataSource): PostgresPool {
  // TypeORM types its driver for all databases; this one is ours, made below.
  return (source.driver as unknown as { readonly master: PostgresPool }).master;
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

interface SourceOptions extends HostedOptions {
  readonly entities: Entities;
  readonly migrations: Migrations;
  readonly poolSize: number;
}

function sourceOf({ hosts, purpose, entities, migrations, poolSize }: SourceOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: { ...pg, Pool: HostedPool },
    url: hosts.current,
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
      hosts,
      purpose,
      Client: HostedClient,
      onConnect: (client: HostedClient) => client.check(purpose, connectMilliseconds),
      types: { getTypeParser: parserOf },
      keepAlive: true,
      maxLifetimeSeconds: connectionLifetimeSeconds,
      ...(hosts.address.pooler === 'transaction' ? {} : sessionLimits(purpose)),
    },
  });
}

/** What a session is given at its start; a pooler in transaction mode refuses or ignores it. */
function sessionLimits(purpose: HostedOptions['purpose']): Record<string, unknown> {
  return {
    statement_timeout: unitMilliseconds,
    idle_in_transaction_session_timeout: unitMilliseconds,
    ...(purpose === 'reads' ? { options: '-c default_transaction_read_only=on' } : {}),
  };
}
