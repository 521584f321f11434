import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import {
  isConflict,
  isConnectionLost,
  isPostgresOutage,
  isStandby,
  namedStatementTypes,
  postgresPool,
  unitMilliseconds,
  type PostgresClient,
  type PostgresPool,
} from './postgres-driver.js';
import { PostgresListener } from './postgres-listener.js';
import { checkUnitStatement, transactionGone, unavailable, unitOver } from './store-error.js';
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

const mostAttempts = 4;

export interface PostgresOptions {
  /** How many may wait for a connection before the next is refused. */
  readonly mostWaiting?: number;
  /** How long a unit may hold its transaction. */
  readonly unitMilliseconds?: number;
}
// Takes a transaction number, so that its commit is a real write to the server's log.
const touch = statement('store.touch', 'SELECT pg_current_xact_id()');

type Attempt<T> =
  | { readonly kind: 'committed'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: unknown; readonly mayRepeat: boolean };

/** The store on PostgreSQL: a unit is a transaction on one connection of a pool; committed rows are read through another pool. */
export class PostgresStore extends Store {
  readonly dialect = 'postgres';
  readonly reader: EntityManager;
  private readonly options: Required<PostgresOptions>;
  private readonly listeners: PostgresListener[] = [];
  private running = 0;
  private closing = false;
  private whenIdle: (() => void) | undefined;

  /** Both sources are open, and the migrations have run. */
  constructor(
    private readonly writer: DataSource,
    readonly dataSource: DataSource,
    options: PostgresOptions = {},
  ) {
    super();
    this.options = { mostWaiting: 4096, unitMilliseconds, ...options };
    this.reader = dataSource.manager;
  }

  override async run<T>(work: (unit: Unit) => Outcome<T>): Promise<T> {
    if (this.closing) throw new StoreUnavailable('the store is closing');
    this.running += 1;
    try {
      for (let count = 1; ; count += 1) {
        const attempt = await this.attempt(work);
        if (attempt.kind === 'committed') return attempt.value;
        if (attempt.mayRepeat && count < mostAttempts) await pause(count);
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

  override listen(channel: string, heard: () => void): void {
    const { options } = this.writer;
    if (options.type !== 'postgres' || options.url === undefined) throw new Error('this store has no address');
    this.listeners.push(new PostgresListener(options.url, channel, heard));
  }

  override connections(): readonly Connections[] {
    return [connectionsOf('units', this.writer), connectionsOf('reads', this.dataSource)];
  }

  override async checkWritable(): Promise<void> {
    try {
      await this.run((unit) => unit.one(touch));
    } catch (error) {
      throw unavailable('the database takes no writes', error);
    }
  }

  override async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.listeners.map((listener) => listener.close()));
    if (this.running > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }

  /** Reading again does no harm, so a connection that turns out to be dead is tried once more. */
  private async read<R>(text: StatementText, values: SqlValue[]): Promise<R[]> {
    const pool = postgresPool(this.dataSource);
    if (isCrowded(pool, this.options.mostWaiting)) throw new StoreUnavailable('too many reads wait');
    const query = { ...prepared(text, values), query_timeout: this.options.unitMilliseconds };
    for (let count = 1; ; count += 1) {
      try {
        return (await pool.query<R & object>(query)).rows;
      } catch (error) {
        if (count === 1 && isConnectionLost(error)) continue;
        throw isPostgresOutage(error) ? unavailable('the database cannot be read now', error) : error;
      }
    }
  }

  /** Runs the unit once. It may run again only while it is certain that nothing was committed. */
  private async attempt<T>(work: (unit: Unit) => Outcome<T>): Promise<Attempt<T>> {
    const pool = postgresPool(this.writer);
    if (isCrowded(pool, this.options.mostWaiting))
      return { kind: 'failed', reason: new StoreUnavailable('too many writes wait'), mayRepeat: false };
    let client: PostgresClient;
    try {
      client = await pool.connect();
    } catch (reason) {
      return { kind: 'failed', reason, mayRepeat: isConnectionLost(reason) };
    }
    // Without a listener a connection that dies in our hands would end the process; its query says so anyway.
    client.on('error', ignore);
    const unit = new PostgresUnit(client, this.writer);
    let committing = false;
    let broken = false;
    try {
      await client.query('BEGIN');
      const value = await this.withinTime(work(unit));
      unit.end();
      committing = true;
      const { command } = await client.query('COMMIT');
      // A statement failed, and the unit swallowed its error: the server has only rolled back.
      if (command !== 'COMMIT') throw new Error(transactionGone);
      unit.committed();
      return { kind: 'committed', value };
    } catch (reason) {
      unit.end();
      broken = isConnectionLost(reason) || reason instanceof UnitTimeout;
      if (!broken) broken = !(await rolledBack(client));
      // Lost while committing: it may be on disk, or not. Nobody can tell, so nobody is told that it is.
      const mayRepeat = isConflict(reason) || (isConnectionLost(reason) && !committing);
      return { kind: 'failed', reason, mayRepeat };
    } finally {
      // A broken connection may still say so after it was let go.
      if (!broken) client.off('error', ignore);
      client.release(broken);
    }
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

/** A unit held its transaction too long: it awaited something that is not the database, or a lock. */
class UnitTimeout extends StoreUnavailable {
  constructor() {
    super('a unit took too long');
    this.name = 'UnitTimeout';
  }
}

/** One unit's view of its connection; worth nothing once the unit is over. */
class PostgresUnit implements Unit {
  private open = true;
  private readonly told: (() => void)[] = [];
  private ownManager: EntityManager | undefined;

  constructor(
    private readonly client: PostgresClient,
    private readonly source: DataSource,
  ) {}

  get manager(): EntityManager {
    this.ownManager ??= this.makeManager();
    return this.ownManager;
  }

  async one<R>(text: StatementText, ...values: SqlValue[]): Promise<R | undefined> {
    this.use();
    return (await this.client.query<R & object>(prepared(text, values))).rows[0];
  }

  async all<R>(text: StatementText, ...values: SqlValue[]): Promise<R[]> {
    this.use();
    return (await this.client.query<R & object>(prepared(text, values))).rows;
  }

  async change(text: StatementText, ...values: SqlValue[]): Promise<number> {
    this.use();
    return (await this.client.query(prepared(text, values))).rowCount ?? 0;
  }

  afterCommit(told: () => void): void {
    this.use();
    this.told.push(told);
  }

  end(): void {
    this.open = false;
  }

  committed(): void {
    for (const told of this.told) told();
  }

  private use(): void {
    if (!this.open) throw new Error(unitOver);
  }

  /** TypeORM on this unit's connection; it believes to be in a transaction of its own, so that save() opens none. */
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
        return query(...args);
      },
    });
    return this.source.createEntityManager(runner);
  }
}

function writeFailure(error: unknown): unknown {
  return isPostgresOutage(error) || isStandby(error) ? unavailable('the database cannot be written now', error) : error;
}

function prepared(text: StatementText, values: SqlValue[]) {
  return { name: text.name, text: text.postgres, values, types: namedStatementTypes };
}

/** The pool counts those among the waiting whom an idle connection serves in a moment. */
function isCrowded(pool: PostgresPool, mostWaiting: number): boolean {
  return pool.waitingCount - pool.idleCount >= mostWaiting;
}

function connectionsOf(name: Connections['pool'], source: DataSource): Connections {
  if (!source.isInitialized) return { pool: name, busy: 0, idle: 0, waiting: 0 };
  const { totalCount, idleCount, waitingCount } = postgresPool(source);
  return { pool: name, busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

async function rolledBack(client: PostgresClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

function ignore(): void {
  // See where it is used.
}

function pause(count: number): Promise<void> {
  // Apart, so that those who met do not meet again.
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** count));
}
