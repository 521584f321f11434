import type { EntityManager } from 'typeorm';

/** A value now (SQLite is synchronous) or later (PostgreSQL): callers always await it. */
export type Outcome<T> = T | Promise<T>;

/** Parameter and column values that both drivers support without conversion. */
export type SqlValue = string | number | null | Buffer;

/**
 * A named, prepared statement in both dialects. Parameters are written `$1`, `$2`, … in both texts.
 * Created with {@link statement}, in `<entity>.statements.ts` of the module that owns the entity.
 */
export interface StatementText {
  /** Unique in the process, `entity.verb`: also the name of the prepared statement on PostgreSQL. */
  readonly name: string;
  readonly sqlite: string;
  /** Zero-based positions of the parameters in the order of SQLite's plain `?`. */
  readonly sqliteOrder: readonly number[];
  readonly postgres: string;
}

/**
 * A unit of work: all of its changes are committed or none. Only an entry point opens one (a controller, a command, a job)
 * and passes it on as the first argument. Inside it only database work is awaited. It may be retried (serialization
 * failure), so it has no effects outside the database. Expected failures are returned, not thrown, because throwing rolls
 * back.
 */
export interface Unit {
  /** TypeORM inside this unit, for everything that is not on a hot path. */
  readonly manager: EntityManager;
  /** The first row, or undefined. */
  one<R>(text: StatementText, ...values: SqlValue[]): Outcome<R | undefined>;
  all<R>(text: StatementText, ...values: SqlValue[]): Outcome<R[]>;
  /** The number of changed rows, which for instance decides whether a single-use credential was consumed. */
  change(text: StatementText, ...values: SqlValue[]): Outcome<number>;
  /** A change whose row count is not needed. Not awaited: on PostgreSQL it is sent with the next step. */
  write(text: StatementText, ...values: SqlValue[]): void;
  /**
   * A change that must affect a row: otherwise the whole unit is rolled back and `run` throws {@link ConcurrencyConflict}.
   * Like {@link write} it is not awaited, so that a unit of such changes is one round trip on PostgreSQL.
   */
  expectChange(text: StatementText, ...values: SqlValue[]): void;
  /**
   * Registers a callback that is called once when this unit is on disk, and never if it is rolled back: for notifying
   * waiters. It must not throw, and nothing may depend on it: after a crash it is not called.
   */
  afterCommit(callback: () => void): void;
}

/** A unit was rolled back because an expected change affected no row: another request was first. */
export class ConcurrencyConflict extends Error {
  constructor(readonly statement: StatementText) {
    super(`no row changed: ${statement.name}`);
    this.name = 'ConcurrencyConflict';
  }
}

/** The database is unavailable, full or too busy: callers respond with 503 and Retry-After. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** State of a connection pool. */
export interface Connections {
  readonly pool: 'units' | 'reads';
  readonly busy: number;
  readonly idle: number;
  /** Number of requests that wait for a connection. */
  readonly waiting: number;
}

/** The store that services use; the same on SQLite and PostgreSQL. Also the injection token. */
export abstract class Store {
  abstract readonly dialect: 'sqlite' | 'postgres';

  /** TypeORM on committed data, read-only on SQLite: used by `@InjectRepository`. */
  abstract readonly reader: EntityManager;

  /** Every migration of this program, oldest first. */
  abstract readonly migrationNames: readonly string[];

  /**
   * Runs a unit of work and resolves only when it is on disk.
   * @throws StoreUnavailable when the transaction could not begin or commit
   */
  abstract run<T>(work: (unit: Unit) => Outcome<T>): Promise<T>;

  /** The first row of committed data, or undefined. */
  abstract one<R>(text: StatementText, ...values: SqlValue[]): Outcome<R | undefined>;
  abstract all<R>(text: StatementText, ...values: SqlValue[]): Outcome<R[]>;

  /**
   * Calls `notified` soon after a unit of any process has notified the channel, and whenever a notification may have been
   * missed, until {@link close}. Never on SQLite: callers also poll.
   */
  abstract listen(channel: string, notified: () => void): void;

  /**
   * Calls `listener` after each commit, once the units in it have resolved and their callers have continued. Never on
   * PostgreSQL, where each unit has its own commit.
   */
  abstract onCommitted(listener: () => void): void;

  /** Current connections by purpose; none on SQLite. */
  abstract connections(): readonly Connections[];

  /** @throws StoreUnavailable when a write is not possible now */
  abstract checkWritable(): Promise<void>;

  /** @throws StoreUnavailable when the database is configured to lose commits that it has reported */
  abstract checkDurable(): Promise<void>;

  /**
   * Releases unused space of the database to the file system; on PostgreSQL autovacuum does this.
   * @param maxPages maximum number of pages
   * @returns number of pages that remain to be released
   */
  abstract releasePages(maxPages: number): Promise<number>;

  /** Waits for running units, then closes the reader and the writer. */
  abstract close(): Promise<void>;
}

/**
 * Defines a statement for both engines, optionally with a different text for SQLite.
 * @param name unique, `entity.verb`
 * @param text the statement with `$1`-style parameters
 * @throws Error when another statement has the name
 */
export function statement(name: string, text: string, own: { readonly sqlite?: string } = {}): StatementText {
  const order: number[] = [];
  const sqlite = (own.sqlite ?? text).replace(/\$(\d+)/g, (_match, position: string) => {
    order.push(Number(position) - 1);
    return '?';
  });
  const created = { name, sqlite, sqliteOrder: order, postgres: text };
  const before = registry.get(name);
  // PostgreSQL finds a prepared statement by its name: the second text would never run.
  if (before && (before.postgres !== text || before.sqlite !== sqlite))
    throw new Error(`the statement name is already in use: ${name}`);
  registry.set(name, created);
  return created;
}

const registry = new Map<string, StatementText>();

/** All statements defined so far, for a test that prepares each one on both engines. */
export function registeredStatements(): readonly StatementText[] {
  return [...registry.values()];
}
