import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Driver from 'better-sqlite3';
import pg from 'pg';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import { registeredStatements, type StatementText } from '../../src/database/store.js';

/** Statements for PostgreSQL only, which are never sent to SQLite. */
const postgresOnly: readonly string[] = ['store.touch', 'store.durability'];

/** The application's statements; statements of tests have other names. */
export function applicationStatements(): readonly StatementText[] {
  return registeredStatements().filter(({ name }) => !name.startsWith('test.'));
}

/**
 * The names in calls of `statement` in the sources of a folder, which the caller must have loaded to prepare all of them. Does not
 * include names that are composed at run time.
 */
export function namesInSources(folder: string): readonly string[] {
  return sourcesOf(folder).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\bstatement\(\s*'([^']+)'/g)].map(([, name = '']) => name),
  );
}

/**
 * Prepares each statement in the database.
 * @returns the name of each statement that fails, with the error
 */
export async function refusedStatements(url: string, texts: readonly StatementText[]): Promise<string[]> {
  return url.startsWith('sqlite:') ? refusedBySqlite(url, texts) : refusedByPostgres(url, texts);
}

function refusedBySqlite(url: string, texts: readonly StatementText[]): string[] {
  const address = parseDatabaseUrl(url);
  if (address.kind !== 'sqlite') throw new Error(`no SQLite database: ${url}`);
  const database = new Driver(address.path, { readonly: true, fileMustExist: true });
  try {
    return texts
      .filter(({ name }) => !postgresOnly.includes(name))
      .flatMap(({ name, sqlite }) => {
        try {
          database.prepare(sqlite);
          return [];
        } catch (error) {
          return [`${name}: ${String(error)}`];
        }
      });
  } finally {
    database.close();
  }
}

async function refusedByPostgres(url: string, texts: readonly StatementText[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const refused: string[] = [];
  try {
    for (const { name, postgres } of texts)
      await client
        .query(`PREPARE "${name}" AS ${postgres}`)
        .catch((error: unknown) => refused.push(`${name}: ${String(error)}`));
  } finally {
    await client.end();
  }
  return refused;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => join(folder, path));
}
