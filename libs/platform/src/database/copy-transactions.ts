import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { DataSource, QueryRunner } from 'typeorm';
import { retryWhileBusy } from './sqlite-driver.js';
import { driverCode } from './store-error.js';

/** `blocked`: no process can write to the source until the copy ends. `allowed`: such writes are not in the copy. */
export type CopyWriters = 'blocked' | 'allowed';

/** Another process writes to the source, or holds a lock that conflicts with writing. */
export class SourceInUse extends Error {
  constructor(options?: ErrorOptions) {
    super('another process writes to the source database', options);
    this.name = 'SourceInUse';
  }
}

const lockMilliseconds = 5000;

/**
 * Reads from one snapshot of the database.
 * @throws SourceInUse when writers are to be blocked and one of them has an open transaction
 */
export async function inSnapshot<T>(
  source: DataSource,
  { writers, tables }: { readonly writers: CopyWriters; readonly tables: readonly string[] },
  work: (runner: QueryRunner, takenAt: EpochSeconds) => Promise<T>,
): Promise<T> {
  return withRunner(source, async (runner) => {
    const isPostgres = source.options.type === 'postgres';
    const begin = isPostgres ? beginPostgresSnapshot(runner, writers, tables) : beginSqliteSnapshot(runner, writers);
    try {
      const takenAt = await begin;
      return await work(runner, takenAt);
    } finally {
      // Nothing was written; a lost connection has already ended its transaction.
      await runner.query('ROLLBACK').catch(() => undefined);
    }
  });
}

/** Runs the work in one transaction. */
export async function inOneTransaction<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  return withRunner(source, async (runner) => {
    const isPostgres = source.options.type === 'postgres';
    await retryWhileBusy(() => runner.query(isPostgres ? 'BEGIN' : 'BEGIN IMMEDIATE'));
    try {
      if (isPostgres) await liftTimeouts(runner);
      const result = await work(runner);
      await runner.query('COMMIT');
      return result;
    } catch (error) {
      await runner.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  });
}

async function withRunner<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}

async function beginSqliteSnapshot(runner: QueryRunner, writers: CopyWriters): Promise<EpochSeconds> {
  await retryWhileBusy(() => runner.query(writers === 'blocked' ? 'BEGIN IMMEDIATE' : 'BEGIN'));
  // BEGIN takes no snapshot; the first read does.
  await retryWhileBusy(() => runner.query('SELECT COUNT(*) FROM sqlite_master'));
  return epochSeconds(Math.floor(Date.now() / 1000));
}

async function beginPostgresSnapshot(
  runner: QueryRunner,
  writers: CopyWriters,
  tables: readonly string[],
): Promise<EpochSeconds> {
  await runner.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await liftTimeouts(runner);
  // Before the first query, which takes the snapshot: it then includes what commits while this waits for the locks.
  if (writers === 'blocked') await lockTables(runner, tables);
  const rows = (await runner.query('SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS now')) as {
    now: number;
  }[];
  return epochSeconds(rows[0]?.now ?? 0);
}

async function lockTables(runner: QueryRunner, tables: readonly string[]): Promise<void> {
  await runner.query(`SET LOCAL lock_timeout = ${lockMilliseconds}`);
  try {
    await runner.query(`LOCK TABLE ${tables.map((table) => `"${table}"`).join(', ')} IN SHARE MODE`);
  } catch (cause) {
    // 55P03: lock_timeout expired.
    throw driverCode(cause) === '55P03' ? new SourceInUse({ cause }) : cause;
  }
}

/** A copy takes longer than the limits for requests. */
async function liftTimeouts(runner: QueryRunner): Promise<void> {
  await runner.query('SET LOCAL statement_timeout = 0');
  await runner.query('SET LOCAL idle_in_transaction_session_timeout = 0');
}
