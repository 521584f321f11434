import Database from 'better-sqlite3';
import pg from 'pg';
import { parseDatabaseUrl } from '@gatehouse/platform/database/database-url';

/** What single use is decided on. */
const tables = ['authorization_codes', 'refresh_tokens', 'device_authorizations', 'one_time_links', 'spent_ids'];

/**
 * Holds back what any process writes to a database, and lets all of them read: SQLite's one write lock, or on PostgreSQL
 * a lock of the tables that decide single use.
 * @returns what lets the writes go on
 */
export async function holdWrites(databaseUrl: string): Promise<() => Promise<void>> {
  const address = parseDatabaseUrl(databaseUrl);
  if (address.kind === 'sqlite') {
    const database = new Database(address.path, { timeout: 5000 });
    database.exec('BEGIN IMMEDIATE');
    return () => Promise.resolve(void database.exec('ROLLBACK').close());
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${tables.join(', ')} IN EXCLUSIVE MODE`);
  return async () => {
    await client.query('ROLLBACK');
    await client.end();
  };
}
