import type { EntityManager } from 'typeorm';
import type { SqliteDatabase } from './sqlite-driver.js';
import { inSqliteOrder, type SqliteStatements } from './sqlite-statements.js';
import { transactionGone, unitOver } from './store-error.js';
import { ConcurrencyConflict, StoreUnavailable, type SqlValue, type StatementText, type Unit } from './store.js';

/** One unit's view of the write handle: it answers at once, and is worth nothing when the unit is over. */
export class SqliteUnit implements Unit {
  private isOpen = true;
  private readonly told: (() => void)[] = [];
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
    // With RETURNING, each changed row comes back.
    return prepared.reader ? prepared.all(...bound).length : prepared.run(...bound).changes;
  }

  afterCommit(told: () => void): void {
    this.use();
    this.told.push(told);
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

  /** What the lane calls after the commit that this unit was part of. */
  committed(): void {
    for (const told of this.told) told();
  }

  private use(): void {
    if (!this.isOpen) throw new Error(unitOver);
    // Disk full and the like end the whole transaction: what came after would be written by itself, unguarded.
    if (!this.database.inTransaction) throw new StoreUnavailable(transactionGone);
  }
}
