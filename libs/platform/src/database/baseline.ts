import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { CannotOpenStore } from './cannot-open-store.js';
import { catalogDifferences, readCatalog, type SchemaObject } from './schema-catalog.js';
import { sqliteInMemory } from './sqlite-driver.js';

/**
 * A migration that creates the schema of a whole version in place of the migrations of that version. It runs on a new
 * database. A database that has all replaced migrations and the expected schema adopts it: it is recorded without being
 * run. `up` may only create tables and indexes, because it also runs in a temporary schema for the comparison.
 */
export interface BaselineMigration extends MigrationInterface {
  readonly name: string;
  /** The version whose migrations it replaces: `0.1`. */
  readonly version: string;
  /** Names of the replaced migrations, oldest first. */
  readonly replaces: readonly string[];
}

const maxDifferences = 20;

export function isBaseline(migration: MigrationInterface): migration is BaselineMigration {
  return 'replaces' in migration;
}

export function findBaseline(source: DataSource): BaselineMigration | undefined {
  return source.migrations.find(isBaseline);
}

/**
 * State of the baseline on a database: `recorded`, `pending` on a new database, or `adoptable` where all replaced
 * migrations are applied.
 * @param applied names of the migrations that are applied to the database
 * @throws CannotOpenStore for any other list
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
 * Compares the database with the schema that the baseline creates. Additions are accepted only where further migrations are
 * applied.
 * @param runner on PostgreSQL in a transaction
 * @throws CannotOpenStore listing the differences
 */
export async function checkSchema(
  runner: QueryRunner,
  baseline: BaselineMigration,
  applied: readonly string[],
): Promise<void> {
  const found = await readCatalog(runner);
  const expected = await (runner.dataSource.options.type === 'postgres'
    ? expectedInPostgres(runner, baseline)
    : expectedInSqlite(baseline));
  const additions = applied.some((name) => !baseline.replaces.includes(name)) ? 'any' : 'none';
  const differences = catalogDifferences(expected, found, additions);
  if (differences.length === 0) return;
  const listed = differences.slice(0, maxDifferences).map((line) => `\n- ${line}`);
  const rest = differences.length - listed.length;
  throw new CannotOpenStore(
    `the schema of the database is not that of version ${baseline.version}, and nothing was changed. Undo these differences (or restore a backup), then start again:${listed.join('')}${rest > 0 ? `\n- and ${rest} more` : ''}`,
  );
}

async function expectedInSqlite(baseline: BaselineMigration): Promise<SchemaObject[]> {
  const source = await sqliteInMemory();
  try {
    const runner = source.createQueryRunner();
    await baseline.up(runner);
    return await readCatalog(runner);
  } finally {
    await source.destroy();
  }
}

/** In temporary tables: PostgreSQL itself then describes both sides, and no right to create a schema is needed. */
async function expectedInPostgres(runner: QueryRunner, baseline: BaselineMigration): Promise<SchemaObject[]> {
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
  const expected = await readCatalog(runner);
  // Also removes the tables and restores the search path.
  await runner.query('ROLLBACK TO SAVEPOINT baseline');
  return expected;
}
