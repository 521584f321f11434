import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { databaseOf, type SqliteDatabase } from './sqlite-driver.js';
import { inSqliteOrder, SqliteStatements } from './sqlite-statements.js';
import { StoreUnavailable, type Outcome, type SqlValue, type StatementText, type Unit } from './store.js';

interface Job {
  readonly work: (unit: Unit) => Outcome<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

export interface LaneOptions {
  /** How many units share one transaction at most. */
  readonly mostInBatch?: number;
  /** How many may wait before the next is refused. */
  readonly mostWaiting?: number;
  /** How long to try for the file's lock while another process holds it, in milliseconds. */
  readonly patienceMilliseconds?: number;
  /** Called between the last unit and the commit; a test makes the commit fail here. */
  readonly beforeCommit?: () => void;
}

/** What would end or nest the shared transaction under everybody else's feet. */
const transactionControl = /^\s*(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum|pragma)\b/i;

/**
 * All writes of this process, one unit after another. Those that wait share one transaction, a savepoint each, so that
 * the disk is flushed once for all of them; each is answered after that commit and no sooner.
 */
export class SqliteLane {
  private readonly database: SqliteDatabase;
  private readonly runner: QueryRunner;
  private readonly query: QueryRunner['query'];
  private readonly statements: SqliteStatements;
  private waiting: Job[] = [];
  private busy = false;
  private expire: (() => void) | undefined;
  private readonly options: Required<Omit<LaneOptions, 'beforeCommit'>> & Pick<LaneOptions, 'beforeCommit'>;
  /** Transactions so far: with the units counted by a caller, the size of a batch. */
  batches = 0;

  /** @param source the write handle; its migrations have run, and from here on only units write through it */
  constructor(
    private readonly source: DataSource,
    options: LaneOptions = {},
  ) {
    this.options = { mostInBatch: 64, mostWaiting: 10_000, patienceMilliseconds: 5000, ...options };
    this.database = databaseOf(source);
    this.statements = new SqliteStatements(this.database);
    // The driver keeps ONE query runner: managers, repositories and transactions all pass here, so all others are shut out.
    this.runner = source.createQueryRunner();
    this.query = this.runner.query.bind(this.runner) as QueryRunner['query'];
    const noTransaction = refuse('a unit of work is the transaction: another one cannot be opened here');
    Object.assign(this.runner, {
      startTransaction: noTransaction,
      commitTransaction: noTransaction,
      rollbackTransaction: noTransaction,
      query: refuse('the write handle is used through a unit of work only'),
    });
  }

  get backlog(): number {
    return this.waiting.length;
  }

  run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    if (this.waiting.length >= this.options.mostWaiting) return Promise.reject(new StoreUnavailable('too many writes are waiting'));
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.wake();
    });
  }

  /** Resolves when nothing waits or runs any more. */
  async idle(): Promise<void> {
    while (this.busy || this.waiting.length > 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** By setImmediate, never a microtask: everything that this turn of the loop reads from its sockets joins one batch. */
  private wake(): void {
    if (this.busy || this.waiting.length === 0) return;
    this.busy = true;
    setImmediate(() => void this.drain(Date.now() + this.options.patienceMilliseconds, 1));
  }

  private async drain(deadline: number, pauseMilliseconds: number): Promise<void> {
    try {
      this.statements.get('BEGIN IMMEDIATE').run();
    } catch (error) {
      // The only place where another process is met; nothing has run yet, so waiting costs nobody anything.
      if (isBusy(error) && Date.now() < deadline) {
        setTimeout(() => void this.drain(deadline, Math.min(pauseMilliseconds * 2, 16)), pauseMilliseconds);
        return;
      }
      this.finish(this.waiting.splice(0), [], new StoreUnavailable('the database could not be written', { cause: error }));
      return;
    }
    const jobs = this.waiting.splice(0, this.options.mostInBatch);
    const answers: Answer[] = [];
    let failure: StoreUnavailable | undefined;
    this.batches++;
    const watch = this.watch();
    try {
      for (const job of jobs) answers.push(await this.perform(job));
      this.options.beforeCommit?.();
      this.statements.get('COMMIT').run();
    } catch (error) {
      failure = error instanceof StoreUnavailable ? error : new StoreUnavailable('the write could not be committed', { cause: error });
      this.rollBack();
    }
    watch.stop();
    this.finish(jobs, answers, failure);
  }

  private finish(jobs: readonly Job[], answers: readonly Answer[], failure: StoreUnavailable | undefined): void {
    this.busy = false;
    jobs.forEach((job, index) => {
      const answer = answers[index];
      if (failure !== undefined || answer === undefined) job.reject(failure ?? new StoreUnavailable('the write was not tried'));
      else if (answer.ok) job.resolve(answer.value);
      // A refusal waits for the commit too: it may rest on a neighbour's row that was not on disk before.
      else job.reject(answer.error);
    });
    this.wake();
  }

  /** One unit in its savepoint: what it throws rolls back it alone. */
  private async perform(job: Job): Promise<Answer> {
    const { unit, close } = this.openUnit();
    this.statements.get('SAVEPOINT unit').run();
    let answer: Answer;
    try {
      const pending = job.work(unit);
      answer = { ok: true, value: pending instanceof Promise ? await this.withinOneTurn(pending) : pending };
    } catch (error) {
      answer = { ok: false, error };
    }
    close();
    // Disk full and I/O errors end the whole transaction: then nobody in this batch has written anything.
    if (!this.database.inTransaction) throw new StoreUnavailable('the transaction was lost', { cause: answer.ok ? undefined : answer.error });
    if (!answer.ok) this.statements.get('ROLLBACK TO unit').run();
    this.statements.get('RELEASE unit').run();
    return answer;
  }

  private openUnit(): { unit: Unit; close: () => void } {
    let isOpen = true;
    let manager: EntityManager | undefined;
    const { database, statements, source, runner, query } = this;
    const check = (): void => {
      if (!isOpen) throw new Error('this unit of work is over: a promise inside it was not awaited');
      if (!database.inTransaction) throw new StoreUnavailable('the transaction was lost');
    };
    const unit: Unit = {
      one: <R>(text: StatementText, ...values: SqlValue[]) => {
        check();
        return statements.get(text.sqlite).get(...inSqliteOrder(text, values)) as R | undefined;
      },
      all: <R>(text: StatementText, ...values: SqlValue[]) => {
        check();
        return statements.get(text.sqlite).all(...inSqliteOrder(text, values)) as R[];
      },
      change: (text, ...values) => {
        check();
        return statements.get(text.sqlite).run(...inSqliteOrder(text, values)).changes;
      },
      get manager() {
        manager ??= source.createEntityManager(
          Object.assign(Object.create(runner) as QueryRunner, {
            // So that save() and remove() open no transaction of their own.
            isTransactionActive: true,
            release: () => Promise.resolve(),
            query: async (...parameters: Parameters<QueryRunner['query']>) => {
              check();
              if (transactionControl.test(parameters[0])) throw new Error(`not inside a unit of work: ${parameters[0].slice(0, 20)}`);
              return query(...parameters);
            },
          }),
        );
        return manager;
      },
    };
    return { unit, close: () => void (isOpen = false) };
  }

  /**
   * All database work here ends in microtasks. A unit that is still pending a turn of the loop later awaits something
   * else, and would hold up everybody who writes.
   */
  private withinOneTurn<T>(pending: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.expire = () => reject(new Error('a unit of work awaited something that is not the database'));
      pending.then(resolve, reject);
    });
  }

  private watch(): { stop: () => void } {
    let turn = setImmediate(() => next());
    const next = (): void => {
      this.expire?.();
      turn = setImmediate(next);
    };
    return {
      stop: () => {
        clearImmediate(turn);
        this.expire = undefined;
      },
    };
  }

  private rollBack(): void {
    try {
      if (this.database.inTransaction) this.statements.get('ROLLBACK').run();
    } catch {
      // The engine has rolled back by itself; the waiters are refused either way.
    }
  }
}

function refuse(why: string): () => Promise<never> {
  return () => Promise.reject(new Error(why));
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY');
}
