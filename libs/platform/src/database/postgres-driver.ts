import pg from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { SnakeNames } from './naming.js';
import { isPostgresOutage } from './postgres-errors.js';
import type { PostgresHosts } from './postgres-hosts.js';
import { HostedClient, HostedPool, type HostedOptions } from './postgres-pool.js';
import { unavailable } from './store-error.js';

/** Pool of the PostgreSQL driver, which only this file and postgres-pool.ts import. */
export type PostgresPool = pg.Pool;
export type PostgresClient = pg.PoolClient;
export type ListeningClient = pg.Client;

type Entities = NonNullable<DataSourceOptions['entities']>;
type Migrations = NonNullable<DataSourceOptions['migrations']>;

/** Maximum duration of a statement, or of a whole unit of work. */
export const unitMilliseconds = 15_000;
const connectMilliseconds = 5000;
/** Maximum age of a connection: the checks of new connections then also run periodically under steady load. */
const connectionLifetimeSeconds = 900;
const defaultConnections = 16;

/** Pool for units of work, not yet open. */
export function postgresWriter(
  hosts: PostgresHosts,
  entities: Entities,
  migrations: Migrations,
  connections = defaultConnections,
): DataSource {
  const poolSize = Math.max(1, Math.ceil(connections / 2));
  return sourceOf({ hosts, purpose: 'units', entities, migrations, poolSize });
}

/** Pool for reads, not yet open. Its sessions are read-only, as on SQLite, and units of work never use it. */
export function postgresReader(hosts: PostgresHosts, entities: Entities, connections = defaultConnections): DataSource {
  const poolSize = Math.max(1, Math.floor(connections / 2));
  const source = sourceOf({ hosts, purpose: 'reads', entities, migrations: [], poolSize });
  const create = source.createQueryRunner.bind(source);
  // TypeORM's own reads then report an outage as the store's reads do.
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

/** A connection for LISTEN, not yet open. No query on it may take longer than a connection attempt. */
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
  // TypeORM's type covers all databases; this driver is created below.
  return (source.driver as unknown as { readonly master: PostgresPool }).master;
}

const bool = 16;
const int8 = 20;
const numeric = 1700;

type Parser = (text: string) => unknown;

/** Parses int8, and numeric (the type of `sum()` of an int8), as numbers: all stored values are safe integers. */
function parserOf(type: number, format?: string): Parser {
  if (type === int8 || type === numeric) return Number;
  return pg.types.getTypeParser(type, format as 'text') as Parser;
}

/** Types of rows of named statements: the same values as on SQLite, with booleans as 0 and 1. */
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
    // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
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

/** Startup parameters of a session; a pooler in transaction mode rejects or ignores them. */
function sessionLimits(purpose: HostedOptions['purpose']): Record<string, unknown> {
  return {
    statement_timeout: unitMilliseconds,
    idle_in_transaction_session_timeout: unitMilliseconds,
    ...(purpose === 'reads' ? { options: '-c default_transaction_read_only=on' } : {}),
  };
}
