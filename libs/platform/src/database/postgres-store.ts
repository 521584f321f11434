import type { DataSource, EntityManager } from 'typeorm';
import { postgresPool, unitMilliseconds, type PostgresClient, type PostgresPool } from './postgres-driver.js';
import { checkDurability, currentDurability, type DurabilitySettings } from './postgres-durability.js';
import {
  isConflict,
  isConnectionLost,
  isOutdated,
  isPostgresOutage,
  isReadOnly,
  isServerFull,
} from './postgres-errors.js';
import type { PostgresHosts } from './postgres-hosts.js';
import { nameOf } from './migrations.js';
import { PostgresListener } from './postgres-listener.js';
import { pooledSteps, runSteps, type RunSteps } from './postgres-pipeline.js';
import { PostgresReads } from './postgres-reads.js';
import { PostgresUnit } from './postgres-unit.js';
import { isDuplicateSelector, selectorTaken, unavailable } from './store-error.js';
import {
  Store,
  StoreUnavailable,
  statement,
  type Connections,
  type Outcome,
  type SqlValue,
  type StatementText,
  type Unit,
} from './store.js';

const maxAttempts = 4;

const limits = {
  statement_timeout: String(unitMilliseconds),
  idle_in_transaction_session_timeout: String(unitMilliseconds),
};

export interface PostgresOptions {
  /** Maximum number of units waiting for a connection; the next one is rejected. */
  readonly maxWaiting?: number;
  /** Maximum duration of a unit's transaction. */
  readonly unitMilliseconds?: number;
}

export interface PostgresSources {
  readonly writer: DataSource;
  readonly reader: DataSource;
  /** Shared by both sources, so that they use the same host. */
  readonly hosts: PostgresHosts;
}

// Takes a transaction id, so that its commit is a real write to the server's log. A primary assigns one in a read-only
// transaction as well.
const touch = statement(
  'store.touch',
  `SELECT pg_current_xact_id(), current_setting('transaction_read_only') AS read_only`,
);

type Attempt<T> =
  | { readonly kind: 'committed'; readonly value: T }
  | {
      readonly kind: 'failed';
      readonly reason: unknown;
      /** Maximum number of attempts in all. */
      readonly maxAttempts: number;
    };

/** The store on PostgreSQL: a unit is a transaction on a connection of one pool; reads use another pool. */
export class PostgresStore extends Store {
  readonly dialect = 'postgres';
  readonly reader: EntityManager;
  readonly migrationNames: readonly string[];
  readonly dataSource: DataSource;
  private readonly options: Required<PostgresOptions>;
  private readonly writer: DataSource;
  private readonly hosts: PostgresHosts;
  private readonly listeners: PostgresListener[] = [];
  private readonly reads: PostgresReads;
  private readonly runSteps: RunSteps;
  private running = 0;
  private closing = false;
  private whenIdle: (() => void) | undefined;

  /** @param sources open and migrated */
  constructor(sources: PostgresSources, options: PostgresOptions = {}) {
    super();
    this.options = { maxWaiting: 4096, unitMilliseconds, ...options };
    this.writer = sources.writer;
    this.migrationNames = sources.writer.migrations.map(nameOf);
    this.dataSource = sources.reader;
    this.hosts = sources.hosts;
    this.reader = this.dataSource.manager;
    this.reads = new PostgresReads(postgresPool(this.dataSource), {
      maxWaiting: this.options.maxWaiting,
      milliseconds: this.options.unitMilliseconds,
      runSteps: this.isPooled ? pooledSteps({ ...limits, transaction_read_only: 'on' }) : runSteps,
    });
    this.runSteps = this.isPooled ? pooledSteps(limits) : runSteps;
  }

  private get isPooled(): boolean {
    return this.hosts.address.pooler === 'transaction';
  }

  override async run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    if (this.closing) throw new StoreUnavailable('the store is closing');
    this.running += 1;
    try {
      for (let count = 1; ; count += 1) {
        const attempt = await this.attempt(work);
        if (attempt.kind === 'committed') return attempt.value;
        if (count < attempt.maxAttempts) await pause(count);
        else throw writeFailure(attempt.reason);
      }
    } finally {
      this.running -= 1;
      if (this.running === 0) this.whenIdle?.();
    }
  }

  override async one<R>(text: StatementText, ...values: SqlValue[]): Promise<R | undefined> {
    return (await this.read<R>(text, values))[0];
  }

  override all<R>(text: StatementText, ...values: SqlValue[]): Promise<R[]> {
    return this.read<R>(text, values);
  }

  override listen(channel: string, notified: () => void): void {
    // Behind a pooler LISTEN does not work, because the session is shared: changes are noticed by polling.
    if (this.isPooled) return;
    this.listeners.push(new PostgresListener(this.hosts, channel, notified));
  }

  override onCommitted(): void {
    // Each unit has its own commit.
  }

  override connections(): readonly Connections[] {
    const reads = connectionsOf('reads', this.dataSource);
    return [connectionsOf('units', this.writer), { ...reads, waiting: reads.waiting + this.reads.backlog }];
  }

  override async checkWritable(): Promise<void> {
    try {
      await this.run(async (unit) => {
        const session = await unit.one<{ readonly read_only: string }>(touch);
        if (session?.read_only === 'on') throw new ReadOnlySession();
      });
    } catch (error) {
      throw unavailable('the database does not accept writes', error);
    }
  }

  override async checkDurable(): Promise<void> {
    if (this.hosts.address.durability === 'unchecked') return;
    const settings = await this.one<DurabilitySettings>(currentDurability);
    if (settings) checkDurability(settings);
  }

  override releasePages(): Promise<number> {
    return Promise.resolve(0);
  }

  override async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.listeners.map((listener) => listener.close()));
    if (this.running > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }

  /** Reads are safe to retry: once when the connection turns out to be dead. */
  private async read<R>(text: StatementText, values: SqlValue[]): Promise<R[]> {
    try {
      return (await this.reads.ask({ name: text.name, text: text.postgres, values })).rows as R[];
    } catch (error) {
      throw isPostgresOutage(error) ? unavailable('the database cannot be read now', error) : error;
    }
  }

  /** Runs the unit once. A retry is allowed only while it is certain that nothing was committed. */
  private async attempt<T>(work: (unit: Unit) => Outcome<T>): Promise<Attempt<T>> {
    const unit = new PostgresUnit(() => this.connect(), this.writer, this.runSteps);
    let broken = false;
    try {
      return { kind: 'committed', value: await this.withinTime(perform(unit, work)) };
    } catch (reason) {
      unit.end();
      // A session may stay read-only after its server became writable.
      broken = isConnectionLost(reason) || isOutdated(reason) || isReadOnly(reason) || reason instanceof UnitTimeout;
      if (!broken) broken = !(await unit.rollBack());
      return { kind: 'failed', reason, maxAttempts: attemptsAfter(reason, unit.committing) };
    } finally {
      unit.release(broken);
    }
  }

  private async connect(): Promise<PostgresClient> {
    const pool = postgresPool(this.writer);
    if (isQueueFull(pool, this.options.maxWaiting)) throw new StoreUnavailable('too many writes wait');
    return pool.connect();
  }

  private async withinTime<T>(pending: Outcome<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new UnitTimeout()), this.options.unitMilliseconds);
    });
    try {
      return await Promise.race([pending, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Maximum number of attempts after this failure: more than one only where it is certain that nothing was committed. */
function attemptsAfter(reason: unknown, committing: boolean): number {
  if (isConflict(reason) || isOutdated(reason) || isServerFull(reason)) return maxAttempts;
  // Another connection may lead to a server that accepts writes. One retry: each attempt costs the server a connection.
  if (isReadOnly(reason)) return 2;
  if (isDuplicateSelector(reason)) return 2;
  // Lost while committing: the outcome is unknown, so the unit is reported as failed and not retried.
  return isConnectionLost(reason) && !committing ? maxAttempts : 1;
}

async function perform<T>(unit: PostgresUnit, work: (unit: Unit) => Outcome<T>): Promise<T> {
  const value = await work(unit);
  unit.end();
  await unit.commit();
  return value;
}

/** Has the error code of a rejected write, so that the session is treated alike. */
class ReadOnlySession extends Error {
  readonly code = '25006';

  constructor() {
    super('the session is read-only');
    this.name = 'ReadOnlySession';
  }
}

/** A unit held its transaction too long: it awaited something other than the database, or a lock. */
class UnitTimeout extends StoreUnavailable {
  constructor() {
    super('a unit took too long');
    this.name = 'UnitTimeout';
  }
}

function writeFailure(error: unknown): unknown {
  if (isDuplicateSelector(error)) return unavailable(selectorTaken, error);
  return isPostgresOutage(error) || isReadOnly(error)
    ? unavailable('the database cannot be written now', error)
    : error;
}

/** The pool also counts requests as waiting that an idle connection is about to serve. */
function isQueueFull(pool: PostgresPool, maxWaiting: number): boolean {
  return pool.waitingCount - pool.idleCount >= maxWaiting;
}

function connectionsOf(name: Connections['pool'], source: DataSource): Connections {
  if (!source.isInitialized) return { pool: name, busy: 0, idle: 0, waiting: 0 };
  const { totalCount, idleCount, waitingCount } = postgresPool(source);
  return { pool: name, busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

function pause(count: number): Promise<void> {
  // Random, so that conflicting units do not collide again.
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** count));
}
