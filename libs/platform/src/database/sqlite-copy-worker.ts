import { parentPort, workerData } from 'node:worker_threads';
import { copySqliteFile, type BackupProgress, type SqliteCopyRequest, type SqliteCopyResult } from './sqlite-copy.js';

/** Messages from the thread that copies a SQLite file. */
export type SqliteCopyMessage =
  | { readonly kind: 'progress'; readonly progress: BackupProgress }
  | { readonly kind: 'done'; readonly result: SqliteCopyResult }
  | { readonly kind: 'failed'; readonly message: string };

function send(message: SqliteCopyMessage): void {
  parentPort?.postMessage(message);
}

// Set by sqlite-backup.ts, which starts this program.
copySqliteFile(workerData as SqliteCopyRequest, (progress) => send({ kind: 'progress', progress })).then(
  (result) => send({ kind: 'done', result }),
  // Errors lose their code between threads: only the message remains.
  (error: unknown) => send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
);
