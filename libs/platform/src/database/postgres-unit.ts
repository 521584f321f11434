import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { PostgresClient } from './postgres-driver.js';
import { StepFailed, type RunSteps, type Step, type StepResult } from './postgres-pipeline.js';
import { checkUnitStatement, driverCode, transactionGone, unitOver } from './store-error.js';
import { ConcurrencyConflict, type SqlValue, type StatementText, type Unit } from './store.js';

const begin: Step = { name: 'store.begin', text: 'BEGIN', values: [] };
const commit: Step = { name: 'store.commit', text: 'COMMIT', values: [] };
const rollback: Step = { name: 'store.rollback', text: 'ROLLBACK', values: [] };

interface Queued extends Step {
  /** The statement of an `expectChange` step. */
  readonly required?: StatementText;
}

/**
 * A unit of work on its connection, which it takes on first use. Unusable once the unit is over. Writes whose result is not
 * awaited are queued and sent with the next step, so that a unit of only such writes is one round trip: without a BEGIN, the
 * server treats a batch as one transaction.
 */
export class PostgresUnit implements Unit {
  /** True from when the commit may have reached the server: after a lost connection the outcome is then unknown. */
  committing = false;
  private client: PostgresClient | undefined;
  private isOpen = true;
  private isReleased = false;
  private hasBegun = false;
  private queued: Queued[] = [];
  private readonly callbacks: (() => void)[] = [];
  private last: Promise<unknown> = Promise.resolve();
  private ownManager: EntityManager | undefined;

  constructor(
    private readonly connect: () => Promise<PostgresClient>,
    private readonly source: DataSource,
    private readonly runSteps: RunSteps,
  ) {}

  get manager(): EntityManager {
    this.ownManager ??= this.makeManager();
    return this.ownManager;
  }

  async one<R>(text: StatementText, ...values: SqlValue[]): Promise<R | undefined> {
    return (await this.ask(text, values)).rows[0] as R | undefined;
  }

  async all<R>(text: StatementText, ...values: SqlValue[]): Promise<R[]> {
    return (await this.ask(text, values)).rows as R[];
  }

  async change(text: StatementText, ...values: SqlValue[]): Promise<number> {
    return (await this.ask(text, values)).count;
  }

  write(text: StatementText, ...values: SqlValue[]): void {
    this.use();
    this.queued.push({ name: text.name, text: text.postgres, values });
  }

  expectChange(text: StatementText, ...values: SqlValue[]): void {
    this.use();
    this.queued.push({ name: `${text.name}!`, text: orFail(text), values, required: text });
  }

  afterCommit(callback: () => void): void {
    this.use();
    this.callbacks.push(callback);
  }

  end(): void {
    this.isOpen = false;
  }

  /** Commits the unit, which must be over. @throws ConcurrencyConflict, or the error of the server */
  async commit(): Promise<void> {
    await this.commitSteps();
    for (const callback of this.callbacks) callback();
  }

  private async commitSteps(): Promise<void> {
    // A BEGIN was sent, or is about to be by a step that was not awaited.
    await this.last;
    if (!this.hasBegun && this.queued.length === 0) return;
    const steps = this.hasBegun ? [...this.queued, commit] : this.queued;
    this.client ??= await this.take();
    this.committing = true;
    const results = await this.send(steps).catch((error: unknown) => {
      throw driverCode(error) === TRANSACTION_ABORTED ? new Error(transactionGone) : error;
    });
    // A statement failed and the unit ignored its error: the server has rolled back instead.
    if (this.hasBegun && results.at(-1)?.command !== 'COMMIT') throw new Error(transactionGone);
  }

  /** @returns false when the connection must not be reused */
  async rollBack(): Promise<boolean> {
    if (!this.client || !this.hasBegun) return true;
    try {
      await this.runSteps(this.client, [rollback]);
      return true;
    } catch {
      return false;
    }
  }

  release(isBroken: boolean): void {
    this.isReleased = true;
    // A broken connection may still emit an error after it was released.
    if (!isBroken) this.client?.off('error', ignore);
    this.client?.release(isBroken);
  }

  private use(): void {
    if (!this.isOpen) throw new Error(unitOver);
  }

  private async ask(text: StatementText, values: readonly SqlValue[]): Promise<StepResult> {
    this.use();
    const results = await this.flush({ name: text.name, text: text.postgres, values });
    return results.at(-1) ?? { rows: [], count: 0, command: '' };
  }

  /** Sends what is queued, and a step whose result is awaited, inside a transaction that stays open. */
  private flush(...steps: readonly Step[]): Promise<StepResult[]> {
    const all = [...(this.hasBegun ? [] : [begin]), ...this.queued, ...steps];
    this.queued = [];
    this.hasBegun = true;
    const sent = this.last.then(() => this.send(all));
    // In order, one batch after another; the caller gets a failure, the next batch only waits.
    this.last = sent.catch(() => undefined);
    return sent;
  }

  private async send(steps: readonly Queued[]): Promise<StepResult[]> {
    const client = (this.client ??= await this.take());
    try {
      return await this.runSteps(client, steps);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      const required = steps[error.done.length]?.required;
      throw required && driverCode(error.cause) === DIVISION_BY_ZERO ? new ConcurrencyConflict(required) : error.cause;
    }
  }

  private async take(): Promise<PostgresClient> {
    const client = await this.connect();
    if (this.isReleased) {
      client.release();
      throw new Error(unitOver);
    }
    // Without a listener a connection that breaks while in use would end the process; its query reports the error anyway.
    return client.on('error', ignore);
  }

  /** TypeORM on this unit's connection, marked as in a transaction so that save() opens none. */
  private makeManager(): EntityManager {
    const runner = this.source.createQueryRunner();
    const query = runner.query.bind(runner) as (...args: Parameters<QueryRunner['query']>) => Promise<unknown>;
    const noTransaction = (): Promise<never> =>
      Promise.reject(new Error('a unit of work is the transaction: another one cannot be opened here'));
    Object.assign(runner, {
      connect: () => Promise.resolve(this.client),
      release: () => Promise.resolve(),
      isTransactionActive: true,
      startTransaction: noTransaction,
      commitTransaction: noTransaction,
      rollbackTransaction: noTransaction,
      query: async (...args: Parameters<QueryRunner['query']>): Promise<unknown> => {
        this.use();
        checkUnitStatement(args[0]);
        if (!this.hasBegun || this.queued.length > 0) await this.flush();
        else await this.last;
        return query(...args);
      },
    });
    return this.source.createEntityManager(runner);
  }
}

const DIVISION_BY_ZERO = '22012';
const TRANSACTION_ABORTED = '25P02';

/** Makes the statement fail where it changes no row: SQL has no such clause, so it divides by the number of rows. */
function orFail(text: StatementText): string {
  const returning = /\bRETURNING\b/i.test(text.postgres) ? '' : ' RETURNING 1';
  return `WITH changed AS (${text.postgres}${returning}) SELECT 1 / count(*) AS changed FROM changed`;
}

function ignore(): void {
  // See where it is used.
}
