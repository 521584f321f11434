import type { EntityManager } from 'typeorm';

/** A value now (SQLite answers at once) or later (PostgreSQL): whoever asks always awaits. */
export type Outcome<T> = T | Promise<T>;

/** What a statement takes and gives: what both drivers can carry without conversion. */
export type SqlValue = string | number | null | Buffer;

/**
 * One named, prepared statement in both dialects. Parameters are written `$1`, `$2`, … in both texts.
 * Made with {@link statement}; lives in `<entity>.statements.ts` of the module that owns the entity.
 */
export interface StatementText {
  /** Unique in the process, `entity.verb`: the name of the prepared statement on PostgreSQL. */
  readonly name: string;
  readonly sqlite: string;
  /** Positions of the parameters as SQLite meets them (it gets plain `?`), zero-based. */
  readonly sqliteOrder: readonly number[];
  readonly postgres: string;
}

/**
 * A unit of work: everything in it happens together or not at all. It is opened by an entry point only
 * (a controller, a command, a job) and handed down as the first argument. Inside it nothing but database work
 * is awaited; it may be run again (serialization failure), so it has no effect outside the database,
 * and an expected refusal is returned rather than thrown, because throwing rolls back.
 */
export interface Unit {
  /** TypeORM inside this unit: for all that is not hot. */
  readonly manager: EntityManager;
  /** The first row, or undefined. */
  one<R>(text: StatementText, ...values: SqlValue[]): Outcome<R | undefined>;
  all<R>(text: StatementText, ...values: SqlValue[]): Outcome<R[]>;
  /** The number of rows changed: what decides every single use. */
  change(text: StatementText, ...values: SqlValue[]): Outcome<number>;
  /** A change whose count nobody looks at. It waits for no answer: on PostgreSQL it travels with what comes next. */
  write(text: StatementText, ...values: SqlValue[]): void;
  /**
   * A change that the whole unit stands on: where no row changes, all of it is undone and `run` throws
   * {@link ConcurrencyConflict}. Like {@link write} it waits for no answer, so that a unit of such changes is one round trip
   * on PostgreSQL.
   */
  expectChange(text: StatementText, ...values: SqlValue[]): void;
  /**
   * Called once, when what this unit wrote is on disk, and never when it is not: for waking whoever waits for a row.
   * It must not throw and must not matter: a process that dies in between calls nothing.
   */
  afterCommit(told: () => void): void;
}

/** A unit was undone because a change that it required changed nothing: somebody else came first. */
export class ConcurrencyConflict extends Error {
  constructor(readonly statement: StatementText) {
    super(`nothing to change: ${statement.name}`);
    this.name = 'NothingChanged';
  }
}

/** The database is away, full or busy beyond patience: the caller answers 503 with Retry-After. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** A pool of connections at one moment. */
export interface Connections {
  readonly pool: 'units' | 'reads';
  readonly busy: number;
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
}

/** The store as services see it; the same on SQLite and PostgreSQL. Also the injection token. */
export abstract class Store {
  abstract readonly dialect: 'sqlite' | 'postgres';

  /** TypeORM on committed data, read only on SQLite: what `@InjectRepository` reaches. */
  abstract readonly reader: EntityManager;

  /** Every migration that this program knows, the oldest first. */
  abstract readonly migrationNames: readonly string[];

  /**
   * Runs a unit of work and answers only when it is on disk.
   * @throws StoreUnavailable when the transaction could not begin or commit
   */
  abstract run<T>(work: (unit: Unit) => Outcome<T>): Promise<T>;

  /** The first row of committed data, or undefined. */
  abstract one<R>(text: StatementText, ...values: SqlValue[]): Outcome<R | undefined>;
  abstract all<R>(text: StatementText, ...values: SqlValue[]): Outcome<R[]>;

  /**
   * Calls `heard` soon after a unit of any process has told the channel something, and whenever that may have been
   * missed; until {@link close}. Never on SQLite: whoever listens also looks by itself now and then.
   */
  abstract listen(channel: string, heard: () => void): void;

  /**
   * Calls `told` when all who waited for a commit have been told of it, and have done what needs no waiting. Never on
   * PostgreSQL, where each has a commit of its own.
   */
  abstract onCommitted(told: () => void): void;

  /** Connections to the database now, by what they are for; none on SQLite. */
  abstract connections(): readonly Connections[];

  /** @throws StoreUnavailable when a write cannot be made now */
  abstract checkWritable(): Promise<void>;

  /** @throws StoreUnavailable when the database is now set to lose commits that it has reported */
  abstract checkDurable(): Promise<void>;

  /**
   * Gives unused space of the database back to the disk, at most so many pages; on PostgreSQL autovacuum sees to it.
   * @returns how many pages are left to give back
   */
  abstract releasePages(most: number): Promise<number>;

  /** Waits for what runs, closes the reader, then the writer. */
  abstract close(): Promise<void>;
}

/**
 * Writes a statement once for both engines, or with a text of its own for one of them.
 * @param name unique, `entity.verb`
 * @param text the statement with `$1`-style parameters
 * @throws Error where another statement has the name
 */
export function statement(name: string, text: string, own: { readonly sqlite?: string } = {}): StatementText {
  const order: number[] = [];
  const sqlite = (own.sqlite ?? text).replace(/\$(\d+)/g, (_match, position: string) => {
    order.push(Number(position) - 1);
    return '?';
  });
  const made = { name, sqlite, sqliteOrder: order, postgres: text };
  const before = registry.get(name);
  // PostgreSQL keeps a prepared statement by its name: the second text would never run.
  if (before && (before.postgres !== text || before.sqlite !== sqlite))
    throw new Error(`two statements are called ${name}`);
  registry.set(name, made);
  return made;
}

const registry = new Map<string, StatementText>();

/** Every statement that was made so far, for a test that prepares each one on both engines. */
export function registeredStatements(): readonly StatementText[] {
  return [...registry.values()];
}
