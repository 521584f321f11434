import { setTimeout as pause } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { DataSource, type DataSourceOptions, type EntityManager, type QueryRunner } from 'typeorm';
import { SnakeNames } from './naming.js';
import { Store, StoreUnavailable, type Outcome, type SqlValue, type StatementText, type Unit } from './store.js';

export function postgresSource(
  url: string,
  entities: NonNullable<DataSourceOptions['entities']>,
  migrations: NonNullable<DataSourceOptions['migrations']>,
  connections: number,
): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    parseInt8: true,
    poolSize: connections,
    connectTimeoutMS: 5000,
    // A connection that breaks while it idles is replaced at its next use; without a listener it would end the process.
    poolErrorHandler: () => undefined,
    extra: { statement_timeout: 15_000, idle_in_transaction_session_timeout: 15_000, query_timeout: 20_000 },
    applicationName: 'gatehouse',
    entities,
    migrations,
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeNames(),
    synchronize: false,
    logging: false,
    installExtensions: false,
  });
}

/** Serialization failure and deadlock: the server rolled back, so the unit may run again. */
const retryable = new Set(['40001', '40P01']);
const mostTries = 4;

/** PostgreSQL: a unit is a transaction on a connection of the pool; any number of processes share the database. */
export class PostgresStore extends Store {
  readonly dialect = 'postgres';
  readonly reader: EntityManager;
  private closing = false;

  constructor(readonly dataSource: DataSource) {
    super();
    this.reader = dataSource.manager;
  }

  override async run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.tryOnce(work);
      } catch (error) {
        if (!retryable.has(codeOf(error)) || attempt >= mostTries) throw unavailable(error);
        await pause(attempt * 5 + Math.random() * 10);
      }
    }
  }

  override async one<R>(text: StatementText, ...values: SqlValue[]): Promise<R | undefined> {
    return (await this.all<R>(text, ...values))[0];
  }

  override async all<R>(text: StatementText, ...values: SqlValue[]): Promise<R[]> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      const result = await client.query({ name: text.name, text: text.postgres, values });
      return result.rows as R[];
    } catch (error) {
      throw unavailable(error);
    } finally {
      await runner.release();
    }
  }

  override async checkWritable(): Promise<void> {
    await this.run(async (unit) => {
      const [row] = (await unit.manager.query('SELECT pg_is_in_recovery() AS recovering')) as { recovering: boolean }[];
      if (row?.recovering) throw new StoreUnavailable('the database is a read-only replica');
    });
  }

  override async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async tryOnce<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    let lost: unknown;
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      const scope = openUnit(runner, client);
      try {
        const value = await work(scope.unit);
        scope.close();
        await runner.commitTransaction();
        return value;
      } catch (error) {
        scope.close();
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch((reason: unknown) => (lost = reason));
        throw error;
      }
    } finally {
      await runner.release().catch(() => undefined);
      void lost;
    }
  }
}

function openUnit(runner: QueryRunner, client: PoolClient): { unit: Unit; close: () => void } {
  let isOpen = true;
  const send = async (text: StatementText, values: SqlValue[]): Promise<{ rows: unknown[]; rowCount: number | null }> => {
    if (!isOpen) throw new Error('this unit of work is over: a promise inside it was not awaited');
    return client.query({ name: text.name, text: text.postgres, values });
  };
  return {
    unit: {
      manager: runner.manager,
      one: async <R>(text: StatementText, ...values: SqlValue[]) => (await send(text, values)).rows[0] as R | undefined,
      all: async <R>(text: StatementText, ...values: SqlValue[]) => (await send(text, values)).rows as R[],
      change: async (text, ...values) => (await send(text, values)).rowCount ?? 0,
    },
    close: () => void (isOpen = false),
  };
}

/** Connection failures and a database that shuts down or starts are outages; everything else is what it is. */
function unavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  const away =
    /^(08|57P|53|40)/.test(code) ||
    code === '25006' ||
    /^(ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|EAI_)/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|not queryable/i.test(message);
  return away ? new StoreUnavailable('the database is away', { cause: error }) : error;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string') return code;
  return driverError === undefined ? '' : codeOf(driverError);
}
