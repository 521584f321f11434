import { openSqliteFile } from './sqlite-driver.js';

/** What the thread that compacts a SQLite file sends to the one that started it. */
export type VacuumMessage = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly message: string };

/** In the log, where it takes no more space than the database will; the checkpoint then shortens the file. */
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
