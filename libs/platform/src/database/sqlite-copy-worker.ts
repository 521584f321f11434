import { parentPort, workerData } from 'node:worker_threads';
import { copySqliteFile, type BackupProgress, type SqliteCopyRequest, type SqliteCopyResult } from './sqlite-copy.js';

/** What the thread that copies a SQLite file sends to the one that started it. */
export type SqliteCopyMessage =
  | { readonly kind: 'progress'; readonly progress: BackupProgress }
  | { readonly kind: 'done'; readonly result: SqliteCopyResult }
  | { readonly kind: 'failed'; readonly message: string };

function send(message: SqliteCopyMessage): void {
  parentPort?.postMessage(message);
}

// Set by the one that starts this program, see sqlite-backup.ts.
copySqliteFile(workerData as SqliteCopyRequest, (progress) => send({ kind: 'progress', progress })).then(
  (result) => send({ kind: 'done', result }),
  // An error loses its code on the way: the message is what is left.
  (error: unknown) => send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
);
