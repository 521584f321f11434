import { openSqliteFile } from './sqlite-driver.js';

/** Messages from the thread that compacts a SQLite file. */
export type VacuumMessage = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly message: string };

/** Written to the log, which takes no more space than the database will; the checkpoint then shortens the file. */
export function vacuumFile(path: string): void {
  const database = openSqliteFile(path, { readonly: false });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('auto_vacuum = INCREMENTAL');
    database.exec('VACUUM');
    database.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
