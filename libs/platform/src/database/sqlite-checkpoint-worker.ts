import Driver from 'better-sqlite3';
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The worker thread of SqliteCheckpointer, which checkpoints the log of a SQLite file. To stay small it imports only the
 * driver.
 */

/** Start parameters of the thread. */
export interface CheckpointTask {
  readonly path: string;
  /** A longer log is truncated. */
  readonly maxWalBytes: number;
}

/** Sent after each checkpoint. `long`: checkpoint again soon, even without further writes. */
export type CheckpointOutcome = 'done' | 'long';

/** A log of this length, in pages of 4 kB, is restarted, for which all writers wait briefly. */
const longLog = 8000;
const writersWaitMilliseconds = 1000;

// Set by sqlite-checkpointer.ts, which starts this program.
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
  // With continuous writes the log never restarts on its own.
  if (isLong) database.pragma('wal_checkpoint(TRUNCATE)');
  else if (outcome.log >= longLog) database.pragma('wal_checkpoint(RESTART)');
  return statSync(`${path}-wal`).size > maxWalBytes ? 'long' : 'done';
}

parentPort?.on('message', () => {
  // After a failure it is retried soon, even without further writes.
  let outcome: CheckpointOutcome = 'long';
  try {
    outcome = checkpoint();
  } catch {
    // Writers report a disk that is full or broken.
  }
  parentPort?.postMessage(outcome);
});
