import Driver from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The thread that folds the log of a SQLite file back into it, for SqliteCheckpointer. It names the driver itself, and
 * nothing else of ours, to stay small.
 */

/** A log this long, in pages of 4 kB, is made to begin again, for which all writers wait a moment. */
const longLog = 8000;
const writersWaitMilliseconds = 1000;

const database = new Driver(String(workerData), { fileMustExist: true, timeout: writersWaitMilliseconds });

function checkpoint(): void {
  const [outcome] = database.pragma('wal_checkpoint(PASSIVE)') as { readonly log: number }[];
  // Whoever writes without a pause never lets the log end by itself.
  if (outcome !== undefined && outcome.log >= longLog) database.pragma('wal_checkpoint(RESTART)');
}

parentPort?.on('message', () => {
  try {
    checkpoint();
  } catch {
    // A disk that is full or broken is told to those who write; this is done again with the next pages.
  }
  parentPort?.postMessage('done');
});
