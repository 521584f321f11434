import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { SqliteCheckpointer } from './sqlite-checkpointer.js';
import { databaseOf, isBusy, isSqliteOutage, type SqliteDatabase } from './sqlite-driver.js';
import { nameOf } from './migrations.js';
import { SqliteLane, type LaneOptions } from './sqlite-lane.js';
import { inSqliteOrder, SqliteStatements } from './sqlite-statements.js';
import { checkUnitStatement, unavailable } from './store-error.js';
import { Store, type Connections, type Outcome, type SqlValue, type StatementText, type Unit } from './store.js';

/** The store on SQLite: a write lane, and a read-only handle for TypeORM's reads and for reads during a transaction. */
export class SqliteStore extends Store {
  readonly dialect = 'sqlite';
  readonly reader: EntityManager;
  readonly migrationNames: readonly string[];
  readonly lane: SqliteLane;
  private readonly statements: SqliteStatements;
  private readonly checkpointer: SqliteCheckpointer;
  /** For reads outside of a unit. */
  private readonly writerStatements: SqliteStatements;

  /** @param writer initialized and migrated; @param dataSource initialized, read-only, opened after it */
  constructor(
    private readonly writer: DataSource,
    readonly dataSource: DataSource,
    options: LaneOptions = {},
  ) {
    super();
    this.migrationNames = writer.migrations.map(nameOf);
    this.checkpointer = new SqliteCheckpointer(databaseOf(writer), options.checkpointProgram);
    this.lane = new SqliteLane(writer, {
      ...options,
      onCommit: (units, milliseconds) => {
        this.checkpointer.committed();
        options.onCommit?.(units, milliseconds);
      },
    });
    this.statements = readsOf(databaseOf(dataSource));
    this.writerStatements = readsOf(databaseOf(writer));
    this.reader = dataSource.manager;
    forbidTransactions(dataSource);
  }

  override run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    return this.lane.run(work);
  }

  override one<R>(text: StatementText, ...values: SqlValue[]): R | undefined {
    return this.read((statements) => statements.get(text.sqlite).get(...inSqliteOrder(text, values)) as R | undefined);
  }

  override all<R>(text: StatementText, ...values: SqlValue[]): R[] {
    return this.read((statements) => statements.get(text.sqlite).all(...inSqliteOrder(text, values)) as R[]);
  }

  override listen(): void {
    // A SQLite file sends no notifications.
  }

  override onCommitted(listener: () => void): void {
    this.lane.onCommitted(listener);
  }

  override connections(): readonly Connections[] {
    return [];
  }

  override checkWritable(): Promise<void> {
    return this.lane.checkWritable();
  }

  override releasePages(maxPages: number): Promise<number> {
    return this.lane.releasePages(maxPages);
  }

  /**
   * Reads through the write handle while it has no open transaction: everything that it sees is then committed, and its page
   * cache is still valid, while each commit invalidates the cache of other handles.
   */
  private read<T>(query: (statements: SqliteStatements) => T): T {
    try {
      if (!this.lane.isInTransaction) {
        try {
          return query(this.writerStatements);
        } catch (error) {
          // The write handle never waits for a lock; the read handle does, briefly.
          if (!isBusy(error)) throw error;
        }
      }
      return query(this.statements);
    } catch (error) {
      throw isSqliteOutage(error) ? unavailable('the database cannot be read now', error) : error;
    }
  }

  /** Checked when the file was opened (synchronous=FULL); no other process can change it. */
  override checkDurable(): Promise<void> {
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    await this.lane.close();
    await this.checkpointer.close();
    // The reader first: the last handle to close checkpoints the log, and a reader cannot.
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }
}

/** An open transaction on the read handle pins its snapshot: reads would be stale and checkpoints would starve. */
function forbidTransactions(reader: DataSource): void {
  const runner = reader.createQueryRunner();
  const query = runner.query.bind(runner) as (...parameters: Parameters<QueryRunner['query']>) => Promise<unknown>;
  const refuse = (): Promise<never> =>
    Promise.reject(new Error('the read handle has no transactions: open a unit of work'));
  Object.assign(runner, {
    startTransaction: refuse,
    stream: refuse,
    query: (...parameters: Parameters<QueryRunner['query']>) =>
      /^\s*(begin|savepoint|attach|detach)\b/i.test(parameters[0])
        ? refuse()
        : query(...parameters).catch((error: unknown) => {
            throw readFailure(error);
          }),
  });
}

function readsOf(database: SqliteDatabase): SqliteStatements {
  return new SqliteStatements((text) => {
    checkUnitStatement(text);
    const statement = database.prepare(text);
    // It would be a separate commit that bypasses the lane.
    if (!statement.readonly) throw new Error('only a unit of work changes rows');
    return statement;
  });
}

function readFailure(error: unknown): unknown {
  return isSqliteOutage(error) ? unavailable('the database cannot be read now', error) : error;
}
