import type { EntityManager } from 'typeorm';
import type { SqliteDatabase } from './sqlite-driver.js';
import { inSqliteOrder, type SqliteStatements } from './sqlite-statements.js';
import { transactionGone, unitOver } from './store-error.js';
import { ConcurrencyConflict, StoreUnavailable, type SqlValue, type StatementText, type Unit } from './store.js';

/** A unit of work on the write handle. Returns results synchronously; unusable when the unit is over. */
export class SqliteUnit implements Unit {
  private isOpen = true;
  private readonly callbacks: (() => void)[] = [];
  private ownManager: EntityManager | undefined;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly statements: SqliteStatements,
    private readonly makeManager: (use: () => void) => EntityManager,
  ) {}

  get manager(): EntityManager {
    this.ownManager ??= this.makeManager(() => this.use());
    return this.ownManager;
  }

  one<R>(text: StatementText, ...values: SqlValue[]): R | undefined {
    this.use();
    return this.statements.get(text.sqlite).get(...inSqliteOrder(text, values)) as R | undefined;
  }

  all<R>(text: StatementText, ...values: SqlValue[]): R[] {
    this.use();
    return this.statements.get(text.sqlite).all(...inSqliteOrder(text, values)) as R[];
  }

  change(text: StatementText, ...values: SqlValue[]): number {
    this.use();
    const prepared = this.statements.get(text.sqlite);
    const bound = inSqliteOrder(text, values);
    // With RETURNING, each changed row is returned.
    return prepared.reader ? prepared.all(...bound).length : prepared.run(...bound).changes;
  }

  afterCommit(callback: () => void): void {
    this.use();
    this.callbacks.push(callback);
  }

  write(text: StatementText, ...values: SqlValue[]): void {
    this.change(text, ...values);
  }

  expectChange(text: StatementText, ...values: SqlValue[]): void {
    if (this.change(text, ...values) === 0) throw new ConcurrencyConflict(text);
  }

  end(): void {
    this.isOpen = false;
  }

  /** The lane calls it after the commit that includes this unit. */
  committed(): void {
    for (const callback of this.callbacks) callback();
  }

  private use(): void {
    if (!this.isOpen) throw new Error(unitOver);
    // Disk full and similar errors end the whole transaction: later statements would run in autocommit mode.
    if (!this.database.inTransaction) throw new StoreUnavailable(transactionGone);
  }
}
