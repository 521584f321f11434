import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { databaseOf, isBusy, isSqliteOutage, type SqliteDatabase } from './sqlite-driver.js';
import { releaseSurplus } from './sqlite-free-pages.js';
import { SqliteStatements } from './sqlite-statements.js';
import { SqliteUnit } from './sqlite-unit.js';
import { checkUnitStatement, isDuplicateSelector, selectorTaken, transactionGone, unavailable } from './store-error.js';
import { StoreUnavailable, type Outcome, type Unit } from './store.js';

export interface LaneOptions {
  /** How many units share one transaction at most. */
  readonly maxInBatch?: number;
  /** How many may wait before the next is refused. */
  readonly maxWaiting?: number;
  /** How long to try for the file's lock while another process holds it, in milliseconds. */
  readonly patienceMilliseconds?: number;
  /** Told of each commit: how many units shared it, and how long it took, its flush included. */
  readonly onCommit?: (units: number, milliseconds: number) => void;
  /** Called between the last unit and the commit; a test makes the commit fail here. */
  readonly beforeCommit?: () => void;
  /** The built program of the thread that folds the log back, for tests that run from sources. */
  readonly checkpointProgram?: string;
}

interface Job {
  readonly work: (unit: Unit) => Outcome<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Answer =
  | { readonly kind: 'done'; readonly value: unknown; readonly unit: SqliteUnit }
  | { readonly kind: 'rolled back'; readonly reason: unknown };

const longestPause = 16;

/**
 * All writes of this process to one SQLite file, one unit after another. Those that wait share one transaction, a
 * savepoint each, so that the disk is flushed once for all of them; each is answered after that commit and no sooner.
 */
export class SqliteLane {
  /** Transactions so far: with the units counted by a caller, the size of a batch. */
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
  private readonly toTell: (() => void)[] = [];
  private readonly tell = (): void => {
    for (const told of this.toTell) told();
  };
  private whenIdle: (() => void) | undefined;
  private expire: () => void = () => undefined;

  /** @param source the write handle; its migrations have run, and from here on only units write through it */
  constructor(
    private readonly source: DataSource,
    options: LaneOptions = {},
  ) {
    this.options = { maxInBatch: 64, maxWaiting: 4096, patienceMilliseconds: 2000, ...options };
    this.database = databaseOf(source);
    this.statements = new SqliteStatements((text) => {
      // Before it is prepared: some PRAGMAs act when they are.
      checkUnitStatement(text);
      return this.database.prepare(text);
    });
    this.control = new SqliteStatements((text) => this.database.prepare(text));
    // The driver keeps ONE query runner: managers, repositories and transactions all pass here, so all others are shut out.
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

  /** False: what the write handle sees is committed. */
  get isInTransaction(): boolean {
    return this.database.inTransaction;
  }

  /** @see Store.onTold */
  onTold(told: () => void): void {
    this.toTell.push(told);
  }

  get backlog(): number {
    return this.waiting.length;
  }

  run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    if (this.closing) return Promise.reject(new StoreUnavailable('the store is closing'));
    if (this.waiting.length >= this.options.maxWaiting)
      return Promise.reject(new StoreUnavailable('too many writes are waiting'));
    return new Promise<T>((resolve, reject) => {
      // The lane does not look at what a unit gives back: its type is known only here.
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

  /** Proves that the file takes writes, by one that changes nothing. */
  checkWritable(): Promise<void> {
    return this.run(() => {
      const version = Number(this.database.pragma('user_version', { simple: true }));
      this.database.pragma(`user_version = ${version}`);
    });
  }

  /** @see Store.releasePages */
  releasePages(most: number): Promise<number> {
    return this.run(() => releaseSurplus(this.database, most));
  }

  /** Takes no more units; resolves when those that wait are done. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.busy) await new Promise<void>((resolve) => (this.whenIdle = resolve));
  }

  /** By setImmediate, never a microtask: everything that this turn of the loop reads from its sockets joins one batch. */
  private wake(): void {
    if (this.busy) return;
    if (this.waiting.length === 0) {
      this.whenIdle?.();
      return;
    }
    this.busy = true;
    setImmediate(() => void this.begin(Date.now() + this.options.patienceMilliseconds, 1));
  }

  /** The only place where another process is met; nothing has run yet, so waiting costs nobody anything. */
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
    const answers: Answer[] = [];
    const endTurn = (): void => {
      this.expire();
      turn = setImmediate(endTurn);
    };
    let turn = setImmediate(endTurn);
    try {
      for (const job of jobs) answers.push(await this.perform(job));
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
      const answer = answers[index];
      if (answer?.kind === 'done') {
        answer.unit.committed();
        job.resolve(answer.value);
      }
      // A refusal waits for the commit too: it may rest on a neighbour's row that was not on disk before.
      else job.reject(answer?.reason);
    });
    // After the microtasks in which they go on.
    if (this.toTell.length > 0) process.nextTick(this.tell);
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
      // The waiters are refused either way; the next batch rolls back before it begins.
    }
  }

  /**
   * One unit in its savepoint: what it throws rolls back it alone.
   * @throws what ended the whole transaction, when something did (disk full, I/O error)
   */
  private async perform(job: Job): Promise<Answer> {
    const unit = new SqliteUnit(this.database, this.statements, (use) => this.managerFor(use));
    this.control.get('SAVEPOINT unit').run();
    let answer: Answer;
    try {
      const pending = job.work(unit);
      answer = { kind: 'done', value: isPromise(pending) ? await this.withinOneTurn(pending) : pending, unit };
    } catch (error) {
      answer = {
        kind: 'rolled back',
        reason: isSqliteOutage(error) ? unavailable('the database cannot be written now', error) : error,
      };
    }
    unit.end();
    if (!this.database.inTransaction) throw answer.kind === 'rolled back' ? answer.reason : new Error(transactionGone);
    if (answer.kind === 'rolled back') this.control.get('ROLLBACK TO unit').run();
    this.control.get('RELEASE unit').run();
    return answer;
  }

  /**
   * All database work here ends in microtasks. A unit that is still pending when the event loop has turned awaits
   * something else, or something that never comes, and would hold up everybody who writes.
   */
  private withinOneTurn(pending: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.expire = () => reject(new Error('a unit of work awaited something that is not the database'));
      pending.then(resolve, reject);
    });
  }

  /** TypeORM for one unit: an object made from the one query runner, which believes to be in a transaction of its own. */
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
