import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { databaseOf, isBusy, isSqliteOutage, type SqliteDatabase } from './sqlite-driver.js';
import { releaseSurplus } from './sqlite-free-pages.js';
import { SqliteStatements } from './sqlite-statements.js';
import { SqliteUnit } from './sqlite-unit.js';
import { checkUnitStatement, isDuplicateSelector, selectorTaken, transactionGone, unavailable } from './store-error.js';
import { StoreUnavailable, type Outcome, type Unit } from './store.js';

export interface LaneOptions {
  /** Maximum number of units in one transaction. */
  readonly maxInBatch?: number;
  /** Maximum number of waiting units; the next one is rejected. */
  readonly maxWaiting?: number;
  /** How long to wait for the file's lock while another process holds it, in milliseconds. */
  readonly lockWaitMilliseconds?: number;
  /** Called after each commit with the number of units and the duration, including the flush. */
  readonly onCommit?: (units: number, milliseconds: number) => void;
  /** Called between the last unit and the commit; tests make the commit fail here. */
  readonly beforeCommit?: () => void;
  /** Path of the built checkpoint worker, for tests that run from sources. */
  readonly checkpointProgram?: string;
}

interface Job {
  readonly work: (unit: Unit) => Outcome<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type UnitOutcome =
  | { readonly kind: 'done'; readonly value: unknown; readonly unit: SqliteUnit }
  | { readonly kind: 'rolled back'; readonly reason: unknown };

const longestPause = 16;

/**
 * The write lane: runs the units of this process on one SQLite file one after another. Waiting units share a transaction,
 * each in a savepoint, so that one flush covers all of them; each resolves only after that commit.
 */
export class SqliteLane {
  /** Number of transactions so far: with the number of units it gives the average batch size. */
  batches = 0;

  private readonly options: Required<Omit<LaneOptions, 'beforeCommit' | 'onCommit' | 'checkpointProgram'>> &
    Pick<LaneOptions, 'beforeCommit' | 'onCommit'>;
  private readonly database: SqliteDatabase;
  /** For units. */
  private readonly statements: SqliteStatements;
  /** For the lane's own BEGIN, SAVEPOINT and COMMIT. */
  private readonly control: SqliteStatements;
  private readonly runner: QueryRunner;
  private readonly query: QueryRunner['query'];
  private waiting: Job[] = [];
  private busy = false;
  private closing = false;
  private readonly commitListeners: (() => void)[] = [];
  private readonly notifyCommitted = (): void => {
    for (const listener of this.commitListeners) listener();
  };
  private whenIdle: (() => void) | undefined;
  private expire: () => void = () => undefined;

  /** @param source the migrated write handle; from now on only units write through it */
  constructor(
    private readonly source: DataSource,
    options: LaneOptions = {},
  ) {
    this.options = { maxInBatch: 64, maxWaiting: 4096, lockWaitMilliseconds: 2000, ...options };
    this.database = databaseOf(source);
    this.statements = new SqliteStatements((text) => {
      // Before preparing it: some PRAGMAs take effect when they are prepared.
      checkUnitStatement(text);
      return this.database.prepare(text);
    });
    this.control = new SqliteStatements((text) => this.database.prepare(text));
    // The driver has a single query runner for managers, repositories and transactions: taking it excludes all others.
    this.runner = source.createQueryRunner();
    this.query = this.runner.query.bind<QueryRunner['query']>(this.runner);
    const noTransaction = refusal('a unit of work is the transaction: another one cannot be opened here');
    Object.assign(this.runner, {
      startTransaction: noTransaction,
      commitTransaction: noTransaction,
      rollbackTransaction: noTransaction,
      query: refusal('the write handle is used through a unit of work only'),
    });
  }

  /** False: everything that the write handle sees is committed. */
  get isInTransaction(): boolean {
    return this.database.inTransaction;
  }

  /** @see Store.onCommitted */
  onCommitted(listener: () => void): void {
    this.commitListeners.push(listener);
  }

  get backlog(): number {
    return this.waiting.length;
  }

  run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    if (this.closing) return Promise.reject(new StoreUnavailable('the store is closing'));
    if (this.waiting.length >= this.options.maxWaiting)
      return Promise.reject(new StoreUnavailable('too many writes are waiting'));
    return new Promise<T>((resolve, reject) => {
      // The lane does not use the result of a unit: its type is known only here.
      const job = { work, resolve: resolve as (value: unknown) => void };
      const rejectRepeated = (reason: unknown): void =>
        reject(isDuplicateSelector(reason) ? unavailable(selectorTaken, reason) : reason);
      const rejectFirst = (reason: unknown): void => {
        // drain() wakes the lane for it at the end of the batch.
        if (isDuplicateSelector(reason)) this.waiting.push({ ...job, reject: rejectRepeated });
        else reject(reason);
      };
      this.waiting.push({ ...job, reject: rejectFirst });
      this.wake();
    });
  }

  /** Checks that the file accepts writes, with one that changes nothing. */
  checkWritable(): Promise<void> {
    return this.run(() => {
      const version = Number(this.database.pragma('user_version', { simple: true }));
      this.database.pragma(`user_version = ${version}`);
    });
  }

  /** @see Store.releasePages */
  releasePages(maxPages: number): Promise<number> {
    return this.run(() => releaseSurplus(this.database, maxPages));
  }

  /** Accepts no more units; resolves when the waiting ones are done. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.busy) await new Promise<void>((resolve) => (this.whenIdle = resolve));
  }

  /** By setImmediate, not a microtask: all requests that this turn of the loop reads from its sockets join one batch. */
  private wake(): void {
    if (this.busy) return;
    if (this.waiting.length === 0) {
      this.whenIdle?.();
      return;
    }
    this.busy = true;
    setImmediate(() => void this.begin(Date.now() + this.options.lockWaitMilliseconds, 1));
  }

  /** The only place where the lock of another process matters; no unit has run yet, so a retry is safe. */
  private async begin(deadline: number, pauseMilliseconds: number): Promise<void> {
    try {
      if (this.database.inTransaction) this.control.get('ROLLBACK').run();
      this.control.get('BEGIN IMMEDIATE').run();
    } catch (error) {
      if (isBusy(error) && Date.now() < deadline)
        setTimeout(() => void this.begin(deadline, Math.min(pauseMilliseconds * 2, longestPause)), pauseMilliseconds);
      else this.refuse(this.waiting.splice(0), 'the database cannot be written now', error);
      return;
    }
    await this.drain(this.waiting.splice(0, this.options.maxInBatch));
  }

  private async drain(jobs: readonly Job[]): Promise<void> {
    this.batches += 1;
    const outcomes: UnitOutcome[] = [];
    const endTurn = (): void => {
      this.expire();
      turn = setImmediate(endTurn);
    };
    let turn = setImmediate(endTurn);
    try {
      for (const job of jobs) outcomes.push(await this.perform(job));
      this.options.beforeCommit?.();
      const began = performance.now();
      this.control.get('COMMIT').run();
      this.options.onCommit?.(jobs.length, performance.now() - began);
    } catch (error) {
      this.rollBack();
      this.refuse(jobs, 'the write could not be committed', error);
      return;
    } finally {
      clearImmediate(turn);
    }
    jobs.forEach((job, index) => {
      const outcome = outcomes[index];
      if (outcome?.kind === 'done') {
        outcome.unit.committed();
        job.resolve(outcome.value);
      }
      // A rejection waits for the commit too: it may depend on a row of another unit of the batch.
      else job.reject(outcome?.reason);
    });
    // After the microtasks in which the callers continue.
    if (this.commitListeners.length > 0) process.nextTick(this.notifyCommitted);
    this.next();
  }

  private refuse(jobs: readonly Job[], message: string, cause: unknown): void {
    for (const job of jobs) job.reject(unavailable(message, cause));
    this.next();
  }

  private next(): void {
    this.busy = false;
    this.wake();
  }

  private rollBack(): void {
    try {
      if (this.database.inTransaction) this.control.get('ROLLBACK').run();
    } catch {
      // The waiting units are rejected either way; the next batch rolls back before it begins.
    }
  }

  /**
   * Runs one unit in its savepoint: an error rolls back only this unit.
   * @throws the error that ended the whole transaction, if one did (disk full, I/O error)
   */
  private async perform(job: Job): Promise<UnitOutcome> {
    const unit = new SqliteUnit(this.database, this.statements, (use) => this.managerFor(use));
    this.control.get('SAVEPOINT unit').run();
    let outcome: UnitOutcome;
    try {
      const pending = job.work(unit);
      outcome = {
        kind: 'done',
        value: isPromise(pending) ? await this.failUnlessSettledInTurn(pending) : pending,
        unit,
      };
    } catch (error) {
      outcome = {
        kind: 'rolled back',
        reason: isSqliteOutage(error) ? unavailable('the database cannot be written now', error) : error,
      };
    }
    unit.end();
    if (!this.database.inTransaction)
      throw outcome.kind === 'rolled back' ? outcome.reason : new Error(transactionGone);
    if (outcome.kind === 'rolled back') this.control.get('ROLLBACK TO unit').run();
    this.control.get('RELEASE unit').run();
    return outcome;
  }

  /**
   * All database work here ends in microtasks. A unit that is still pending after a turn of the event loop awaits something
   * else, possibly forever, and would block all writers.
   */
  private failUnlessSettledInTurn(pending: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.expire = () => reject(new Error('a unit of work awaited something that is not the database'));
      pending.then(resolve, reject);
    });
  }

  /** TypeORM for one unit: derived from the single query runner and marked as in a transaction. */
  private managerFor(use: () => void): EntityManager {
    const { query } = this;
    const runner = Object.assign(Object.create(this.runner) as QueryRunner, {
      // So that save() and remove() open none.
      isTransactionActive: true,
      release: () => Promise.resolve(),
      query: async (...parameters: Parameters<QueryRunner['query']>): Promise<unknown> => {
        use();
        checkUnitStatement(parameters[0]);
        return query(...parameters) as Promise<unknown>;
      },
    });
    return this.source.createEntityManager(runner);
  }
}

function refusal(why: string): () => Promise<never> {
  return () => Promise.reject(new Error(why));
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
