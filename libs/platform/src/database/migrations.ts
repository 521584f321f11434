import type { DataSource, EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { baselineState, checkSchema, findBaseline, isBaseline, type BaselineMigration } from './baseline.js';
import { backupSqlite, type BackupProgress } from './sqlite-backup.js';
import { retryWhileBusy } from './sqlite-driver.js';

/** A migration and whether it is applied to this database. */
export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
  /** False: applied by a later version of the program. */
  readonly known: boolean;
  /** The baseline that replaces this migration, which the program no longer contains. */
  readonly replacedBy?: string | undefined;
}

/** `dry run` only reports what would be done. */
export type MigrationMode = 'run' | 'dry run';

/** Reports the progress of the copy that is made of a SQLite database before a migration. */
export type CopyReport = (progress: BackupProgress) => void;

// TypeORM's own table and columns, so that its tools can read it. Its executor is not used: it determines the pending
// migrations before it takes a lock, so that two processes at once would both run them.
const table = 'migrations';
// Identifies this program among the advisory locks of a PostgreSQL database.
const advisoryLock = 7_203_614_519;

/**
 * Applied migrations that a baseline replaces, then those of this program in execution order, then those that only a later
 * version knows.
 */
export async function migrationStatus(source: DataSource): Promise<MigrationStatus[]> {
  const runner = source.createQueryRunner();
  try {
    return await retryWhileBusy(() => readStatus(source, runner));
  } finally {
    await runner.release();
  }
}

/**
 * Applies the pending migrations, each in its own transaction. Of several processes one applies them and the others wait. A
 * baseline is recorded without being run where the migrations that it replaces are applied.
 * @returns names of the migrations that were, or would be, applied
 * @throws CannotOpenStore when the database is neither new nor adoptable by the baseline
 */
export async function migrateUp(
  source: DataSource,
  mode: MigrationMode = 'run',
  onCopy?: CopyReport,
): Promise<string[]> {
  // First without a lock: a database that is up to date is not written to.
  const status = await migrationStatus(source);
  checkApplied(source, status);
  const pending = pendingOf(status);
  const baseline = findBaseline(source);
  // Before the copy: otherwise each repeated start would leave a copy.
  if (baseline !== undefined && pending.includes(baseline.name))
    await inReadTransaction(source, (runner) => canAdopt(runner, baseline));
  if (mode === 'dry run') return pending;
  await keepCopy(source, pending[0], onCopy);
  const ran: string[] = [];
  for (let left = pending.length; left > 0; left = pendingOf(await migrationStatus(source)).length) {
    const name = await inMigrationTransaction(source, async (runner) => {
      await createTable(source, runner);
      // Again under the lock: another process may have applied it.
      const [next] = pendingOf(await readStatus(source, runner));
      if (next === undefined) return undefined;
      const migration = find(source, next);
      const adopted = isBaseline(migration) && (await canAdopt(runner, migration));
      if (!adopted) await runMigration(next, () => migration.up(runner));
      await record(runner, next);
      return next;
    });
    if (name !== undefined) ran.push(name);
  }
  return ran;
}

/**
 * Reverts the migration that was applied last, which is not always the last one of the list: only that restores the schema
 * from before it. Reverting a baseline keeps the schema and records the migrations that it replaces, so that the version
 * that contains them can use the database.
 * @returns its name; undefined when there is none, since what a baseline replaces is not reverted
 * @throws Error when a migration of a later version was applied after it
 */
export async function migrateDown(
  source: DataSource,
  mode: MigrationMode = 'run',
  onCopy?: CopyReport,
): Promise<string | undefined> {
  const last = await findLast(source);
  if (mode === 'dry run') return last;
  await keepCopy(source, last, onCopy);
  return inMigrationTransaction(source, async (runner) => {
    const name = lastOf(source, await appliedNames(runner));
    if (name === undefined) return undefined;
    const migration = find(source, name);
    await runMigration(name, () => migration.down(runner));
    if (isBaseline(migration)) await recordReplaced(runner, migration);
    await runner.query(`DELETE FROM "${table}" WHERE "name" = ${quoted(name)}`);
    return name;
  });
}

/**
 * Keeps a copy of a SQLite file beside it, named after the migration and the time, in case the migration is wrong. A
 * database without migrations contains no data.
 */
async function keepCopy(source: DataSource, next: string | undefined, onCopy: CopyReport | undefined): Promise<void> {
  if (next === undefined || source.options.type !== 'better-sqlite3') return;
  if (!(await migrationStatus(source)).some((each) => each.applied)) return;
  const path = source.options.database;
  const time = new Date().toISOString().replace(/[-:.]/g, '');
  await backupSqlite(path, `${path}.before-${next}-${time}-${process.pid}`, { onProgress: onCopy });
}

/**
 * Migrations of this program that are not applied to the database.
 * @param names all migrations of this program
 */
export async function missingMigrations(reader: EntityManager, names: readonly string[]): Promise<string[]> {
  const rows = await reader.query<{ name: string }[]>(`SELECT "name" FROM "${table}"`);
  const applied = new Set(rows.map((row) => row.name));
  return names.filter((name) => !applied.has(name));
}

/** @throws CannotOpenStore when the database is neither new nor adoptable by the baseline */
export function checkApplied(source: DataSource, status: readonly MigrationStatus[]): void {
  const baseline = findBaseline(source);
  const applied = status.filter((each) => each.applied).map(({ name }) => name);
  if (baseline !== undefined) baselineState(baseline, applied);
}

export function pendingOf(status: readonly MigrationStatus[]): string[] {
  return status.filter((migration) => !migration.applied).map((migration) => migration.name);
}

async function findLast(source: DataSource): Promise<string | undefined> {
  const runner = source.createQueryRunner();
  try {
    return lastOf(source, await retryWhileBusy(() => appliedNames(runner)));
  } finally {
    await runner.release();
  }
}

/** @param applied names in the order in which they were applied */
function lastOf(source: DataSource, applied: readonly string[]): string | undefined {
  const known = source.migrations.map(nameOf);
  const replaced = findBaseline(source)?.replaces ?? [];
  const later = applied.filter((name) => !known.includes(name) && !replaced.includes(name));
  if (later.length > 0)
    throw new Error(
      `the schema has migrations of a later version (${later.join(', ')}): revert them with that version`,
    );
  return applied.findLast((name) => known.includes(name));
}

async function readStatus(source: DataSource, runner: QueryRunner): Promise<MigrationStatus[]> {
  const applied = new Set(await appliedNames(runner));
  const names = source.migrations.map(nameOf);
  const baseline = findBaseline(source);
  const replaced = (baseline?.replaces ?? []).filter((name) => applied.has(name));
  const later = [...applied].filter((name) => !names.includes(name) && !replaced.includes(name));
  return [
    ...replaced.map((name) => ({ name, applied: true, known: true, replacedBy: baseline?.name })),
    ...names.map((name) => ({ name, applied: applied.has(name), known: true })),
    ...later.map((name) => ({ name, applied: true, known: false })),
  ];
}

/** @returns false where the baseline must run, true where it is only recorded. @throws CannotOpenStore */
async function canAdopt(runner: QueryRunner, baseline: BaselineMigration): Promise<boolean> {
  const applied = await appliedNames(runner);
  if (baselineState(baseline, applied) !== 'adoptable') return false;
  await checkSchema(runner, baseline, applied);
  return true;
}

async function record(runner: QueryRunner, name: string): Promise<void> {
  await runner.query(`INSERT INTO "${table}" ("timestamp", "name") VALUES (${timestampOf(name)}, ${quoted(name)})`);
}

/** A database that the baseline created has no records of them; one that adopted it still has. */
async function recordReplaced(runner: QueryRunner, baseline: BaselineMigration): Promise<void> {
  const applied = await appliedNames(runner);
  for (const name of baseline.replaces) if (!applied.includes(name)) await record(runner, name);
}

/** In the order of application. Checks the catalog first, because reading must not create the table. */
async function appliedNames(runner: QueryRunner): Promise<string[]> {
  if (!(await runner.hasTable(table))) return [];
  const rows = (await runner.query(`SELECT "name" FROM "${table}" ORDER BY "id"`)) as { name: string }[];
  return rows.map((row) => row.name);
}

/** The name in the migrations table. */
export function nameOf(migration: MigrationInterface): string {
  return migration.name ?? migration.constructor.name;
}

function find(source: DataSource, name: string): MigrationInterface {
  const found = source.migrations.find((migration) => nameOf(migration) === name);
  if (found === undefined) throw new Error(`no migration is named ${name}`);
  return found;
}

async function createTable(source: DataSource, runner: QueryRunner): Promise<void> {
  const id = source.options.type === 'postgres' ? 'serial PRIMARY KEY' : 'integer PRIMARY KEY AUTOINCREMENT NOT NULL';
  await runner.query(
    `CREATE TABLE IF NOT EXISTS "${table}" ("id" ${id}, "timestamp" bigint NOT NULL, "name" varchar NOT NULL)`,
  );
}

async function runMigration(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`the migration ${name} failed and was rolled back: ${message}`, { cause: error });
  }
}

/** `FirstSchema1764000000001` -> 1764000000001, as TypeORM has it. */
function timestampOf(name: string): number {
  return Number(/\d{1,15}$/.exec(name)?.[0] ?? 0);
}

function quoted(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}

function inMigrationTransaction<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  return source.options.type === 'postgres' ? inPostgresTransaction(source, work) : inSqliteTransaction(source, work);
}

/** For reads: on SQLite, writers continue; on PostgreSQL, the lock prevents concurrent migrations. */
function inReadTransaction<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  return source.options.type === 'postgres' ? inPostgresTransaction(source, work) : inSqliteSnapshot(source, work);
}

async function inPostgresTransaction<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    await runner.startTransaction();
    // Waiting for another process, or creating an index on a large table, can exceed the limits for requests.
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    // Released at the end of the transaction, also when this process dies.
    await runner.query(`SELECT pg_advisory_xact_lock(${advisoryLock})`);
    const result = await work(runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // Report the first error; a lost connection has already rolled back.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}

async function inSqliteSnapshot<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  await runner.query('BEGIN');
  try {
    return await retryWhileBusy(() => work(runner));
  } finally {
    await runner.query('ROLLBACK');
  }
}

async function inSqliteTransaction<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  // This PRAGMA has no effect inside a transaction. A migration that rebuilds a table drops the old one, which with
  // foreign keys enabled would delete the referring rows.
  await runner.query('PRAGMA foreign_keys = OFF');
  try {
    await retryWhileBusy(() => runner.query('BEGIN IMMEDIATE'));
    try {
      const result = await work(runner);
      const broken = (await runner.query('PRAGMA foreign_key_check')) as unknown[];
      if (broken.length > 0) throw new Error(`the migration leaves ${broken.length} row(s) with a missing reference`);
      await runner.query('COMMIT');
      return result;
    } catch (error) {
      await runner.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  } finally {
    await runner.query('PRAGMA foreign_keys = ON');
  }
}
