import Driver from 'better-sqlite3';
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The thread that folds the log of a SQLite file back into it, for SqliteCheckpointer. It names the driver itself, and
 * nothing else of ours, to stay small.
 */

/** What the thread is given at its start. */
export interface CheckpointTask {
  readonly path: string;
  /** A longer log is truncated. */
  readonly maxWalBytes: number;
}

/** What it sends after each checkpoint. `long`: the log has to be looked at again, even where nobody writes any more. */
export type CheckpointOutcome = 'done' | 'long';

/** A log this long, in pages of 4 kB, is made to begin again, for which all writers wait a moment. */
const longLog = 8000;
const writersWaitMilliseconds = 1000;

// Set by the one that starts this program, see sqlite-checkpointer.ts.
const { path, maxWalBytes } = workerData as CheckpointTask;
const database = new Driver(path, { fileMustExist: true, timeout: writersWaitMilliseconds });

function checkpoint(): CheckpointOutcome {
  const [outcome] = database.pragma('wal_checkpoint(PASSIVE)') as {
    readonly log: number;
    readonly checkpointed: number;
  }[];
  const isLong = statSync(`${path}-wal`).size > maxWalBytes;
  if (outcome === undefined) return 'done';
  // A reader holds an older snapshot: waiting for it would only delay writers.
  if (outcome.checkpointed < outcome.log) return isLong ? 'long' : 'done';
  // Whoever writes without a pause never lets the log end by itself.
  if (isLong) database.pragma('wal_checkpoint(TRUNCATE)');
  else if (outcome.log >= longLog) database.pragma('wal_checkpoint(RESTART)');
  return statSync(`${path}-wal`).size > maxWalBytes ? 'long' : 'done';
}

parentPort?.on('message', () => {
  // Where it fails, it is tried again soon, also when nobody writes.
  let outcome: CheckpointOutcome = 'long';
  try {
    outcome = checkpoint();
  } catch {
    // Writers report a disk that is full or broken.
  }
  parentPort?.postMessage(outcome);
});
