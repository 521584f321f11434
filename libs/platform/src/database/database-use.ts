import { stat } from 'node:fs/promises';
import type { DatabaseAddress } from './database-url.js';
import { isBusy, openSqliteFile } from './sqlite-driver.js';

/** Whether a server or a command has the database open. Call it before opening the database. */
export async function isInUse(address: DatabaseAddress): Promise<boolean> {
  if (address.kind === 'postgres') return isPostgresInUse(address.urls);
  const exists = await stat(address.path).then(
    () => true,
    () => false,
  );
  return exists && isSqliteInUse(address.path);
}

/** A process that has the file open in WAL mode holds a shared lock, so leaving WAL mode fails. */
export function isSqliteInUse(path: string): boolean {
  const database = openSqliteFile(path, { readonly: false });
  try {
    database.pragma('journal_mode = DELETE');
    database.pragma('journal_mode = WAL');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

/** Counts only connections with the application name of this program, not psql or pg_dump; checks all hosts. */
async function isPostgresInUse(urls: readonly string[]): Promise<boolean> {
  let reached = 0;
  let failure: unknown;
  for (const url of urls) {
    try {
      if (await hasConnections(url)) return true;
      reached++;
    } catch (error) {
      failure = error;
    }
  }
  if (reached === 0) throw failure;
  return false;
}

async function hasConnections(url: string): Promise<boolean> {
  const { listeningClient } = await import('./postgres-driver.js');
  const client = listeningClient(url);
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND application_name = current_setting('application_name') LIMIT 1`,
    );
    return rows.length > 0;
  } finally {
    await client.end();
  }
}
