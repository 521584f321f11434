import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { CannotOpenStore } from './cannot-open-store.js';
import { catalogDifferences, readCatalog, type SchemaObject } from './schema-catalog.js';
import { sqliteInMemory } from './sqlite-driver.js';

/**
 * A migration that makes the schema of a whole version in place of the migrations of that version. A new database runs it;
 * a database that has all of the others and their schema is adopted: it is recorded there without being run. `up` may only
 * create tables and indexes, since it is also run in a place of its own for a comparison.
 */
export interface BaselineMigration extends MigrationInterface {
  readonly name: string;
  /** The version that has the migrations: `0.1`. */
  readonly version: string;
  /** The names of the migrations that it replaces, the oldest first. */
  readonly replaces: readonly string[];
}

const mostDifferences = 20;

export function isBaseline(migration: MigrationInterface): migration is BaselineMigration {
  return 'replaces' in migration;
}

export function findBaseline(source: DataSource): BaselineMigration | undefined {
  return source.migrations.find(isBaseline);
}

/**
 * What a list of migrations means for the baseline: it is `recorded`, or `pending` on a database that is new, or the database
 * has all that it replaces and is `adoptable`.
 * @param applied names of the migrations that are applied to the database
 * @throws CannotOpenStore for every other list
 */
export function baselineState(
  baseline: BaselineMigration,
  applied: readonly string[],
): 'recorded' | 'pending' | 'adoptable' {
  const { name, version, replaces } = baseline;
  const missing = replaces.filter((each) => !applied.includes(each));
  if (missing.length === 0) return applied.includes(name) ? 'recorded' : 'adoptable';
  if (missing.length < replaces.length)
    throw new CannotOpenStore(
      `the database has ${replaces.length - missing.length} of the ${replaces.length} migrations of version ${version} (missing: ${missing.join(', ')}): start version ${version} on it once, or run its "migrate up", then start this version`,
    );
  if (applied.includes(name)) return 'recorded';
  if (applied.length === 0) return 'pending';
  throw new CannotOpenStore(
    `the database has neither the migrations of version ${version} nor ${name}, but others (${applied.join(', ')}): open it with the version that made it, or restore a backup`,
  );
}

/**
 * Compares the database with what the baseline makes. Where further migrations are applied, tables may have more than
 * that, because migrations only add; without any, nothing but the baseline's schema is adopted.
 * @param runner on PostgreSQL in a transaction
 * @throws CannotOpenStore that names the differences
 */
export async function checkSchema(
  runner: QueryRunner,
  baseline: BaselineMigration,
  applied: readonly string[],
): Promise<void> {
  const found = await readCatalog(runner);
  const wanted = await (runner.dataSource.options.type === 'postgres'
    ? wantedInPostgres(runner, baseline)
    : wantedInSqlite(baseline));
  const additions = applied.some((name) => !baseline.replaces.includes(name)) ? 'any' : 'none';
  const differences = catalogDifferences(wanted, found, additions);
  if (differences.length === 0) return;
  const shown = differences.slice(0, mostDifferences).map((line) => `\n- ${line}`);
  const rest = differences.length - shown.length;
  throw new CannotOpenStore(
    `the schema of the database is not that of version ${baseline.version}, and nothing was changed. Undo these differences (or restore a backup), then start again:${shown.join('')}${rest > 0 ? `\n- and ${rest} more` : ''}`,
  );
}

async function wantedInSqlite(baseline: BaselineMigration): Promise<SchemaObject[]> {
  const source = await sqliteInMemory();
  try {
    const runner = source.createQueryRunner();
    await baseline.up(runner);
    return await readCatalog(runner);
  } finally {
    await source.destroy();
  }
}

/** As temporary tables, so that the server itself describes both sides; they need no right to create a schema. */
async function wantedInPostgres(runner: QueryRunner, baseline: BaselineMigration): Promise<SchemaObject[]> {
  const [database] = (await runner.query(
    `SELECT quote_ident(current_database()) AS name, quote_ident(current_user) AS role,
       has_database_privilege(current_database(), 'TEMPORARY') AS allowed`,
  )) as { name: string; role: string; allowed: boolean }[];
  if (database?.allowed !== true)
    throw new CannotOpenStore(
      `the schema of the database cannot be compared with that of version ${baseline.version} without temporary tables: run GRANT TEMPORARY ON DATABASE ${database?.name} TO ${database?.role} as its owner, then start again`,
    );
  await runner.query('SAVEPOINT baseline');
  await runner.query('SET LOCAL search_path TO pg_temp');
  await baseline.up(runner);
  const wanted = await readCatalog(runner);
  // Takes the tables and the search path back with it.
  await runner.query('ROLLBACK TO SAVEPOINT baseline');
  return wanted;
}
