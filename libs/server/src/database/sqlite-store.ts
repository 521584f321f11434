import type { DataSource, EntityManager } from 'typeorm';
import { databaseOf } from './sqlite-driver.js';
import { SqliteLane, type LaneOptions } from './sqlite-lane.js';
import { inSqliteOrder, SqliteStatements } from './sqlite-statements.js';
import { Store, StoreUnavailable, type Outcome, type SqlValue, type StatementText, type Unit } from './store.js';

/** SQLite: one lane that writes, and a read-only handle of its own for everything else. */
export class SqliteStore extends Store {
  readonly dialect = 'sqlite';
  readonly reader: EntityManager;
  readonly lane: SqliteLane;
  private readonly statements: SqliteStatements;

  /** @param writer initialized and migrated; @param dataSource initialized, read only, opened after it */
  constructor(
    private readonly writer: DataSource,
    readonly dataSource: DataSource,
    options: LaneOptions = {},
  ) {
    super();
    assertDurable(writer);
    this.lane = new SqliteLane(writer, options);
    this.statements = new SqliteStatements(databaseOf(dataSource));
    this.reader = dataSource.manager;
    forbidTransactions(dataSource);
  }

  override run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    return this.lane.run(work);
  }

  override one<R>(text: StatementText, ...values: SqlValue[]): R | undefined {
    return this.statements.get(text.sqlite).get(...inSqliteOrder(text, values)) as R | undefined;
  }

  override all<R>(text: StatementText, ...values: SqlValue[]): R[] {
    return this.statements.get(text.sqlite).all(...inSqliteOrder(text, values)) as R[];
  }

  override async checkWritable(): Promise<void> {
    await this.lane.run(() => undefined);
  }

  override async close(): Promise<void> {
    await this.lane.idle();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }
}

/** What a client was told is on disk: refuse to run where that would not be so. */
function assertDurable(writer: DataSource): void {
  const database = databaseOf(writer);
  const mode = database.pragma('journal_mode', { simple: true });
  const synchronous = database.pragma('synchronous', { simple: true });
  if (mode !== 'wal' || synchronous !== 2)
    throw new StoreUnavailable(`the database must run with journal_mode=WAL and synchronous=FULL (it says ${String(mode)}, ${String(synchronous)})`);
}

/** An open transaction on the read handle pins its snapshot: new commits would not be seen, checkpoints would starve. */
function forbidTransactions(reader: DataSource): void {
  const refuse = (): Promise<never> => Promise.reject(new Error('the read handle has no transactions: open a unit of work'));
  Object.assign(reader.createQueryRunner(), { startTransaction: refuse, stream: refuse });
}
