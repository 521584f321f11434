import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CheckpointOutcome, CheckpointTask } from './sqlite-checkpoint-worker.js';
import { maxWalBytes, type SqliteDatabase, type SqliteStatement } from './sqlite-driver.js';

/** The length of the log is checked after this many commits; it is checkpointed at the length that SQLite uses itself. */
const commitsBetween = 16;
const pagesWaiting = 1000;
/** Delay before the next checkpoint of a log that is too long because a reader holds an old snapshot. */
const longLogMilliseconds = 2_000;

const ownProgram = fileURLToPath(new URL('./sqlite-checkpoint-worker.js', import.meta.url));

/**
 * Checkpoints the log of a SQLite file in a worker thread. SQLite itself would do it within a commit, with two more
 * flushes, for which on a slow disk every request of this process waits (docs/adr/0009).
 */
export class SqliteCheckpointer {
  private worker: Worker | undefined;
  private isWorking = false;
  private isOver = false;
  private commits = 0;
  private retryTimer: NodeJS.Timeout | undefined;
  private readonly logStatus: SqliteStatement;

  /** @param database the write handle */
  constructor(
    private readonly database: SqliteDatabase,
    private readonly program = ownProgram,
  ) {
    database.pragma('wal_autocheckpoint = 0');
    // Only reports the length of the log.
    this.logStatus = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** Call after each commit, outside of a transaction. */
  committed(): void {
    this.commits += 1;
    if (this.commits < commitsBetween || this.isWorking || this.isOver) return;
    this.commits = 0;
    const { log, checkpointed } = this.logStatus.get() as { readonly log: number; readonly checkpointed: number };
    if (log - checkpointed >= pagesWaiting) this.checkpoint();
  }

  async close(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.retryTimer);
    await this.worker?.terminate();
  }

  private checkpoint(): void {
    if (this.isWorking || this.isOver) return;
    this.isWorking = true;
    clearTimeout(this.retryTimer);
    this.worker ??= this.start();
    this.worker.postMessage('checkpoint');
  }

  private onOutcome(outcome: CheckpointOutcome): void {
    this.isWorking = false;
    // There may be no further commit to start another one.
    if (outcome === 'long' && !this.isOver)
      this.retryTimer = setTimeout(() => this.checkpoint(), longLogMilliseconds).unref();
  }

  private start(): Worker {
    const task: CheckpointTask = { path: this.database.name, maxWalBytes };
    const worker = new Worker(this.program, { workerData: task, execArgv: [] });
    worker.unref();
    worker.on('message', (outcome: CheckpointOutcome) => this.onOutcome(outcome));
    // Without the thread SQLite checkpoints within commits again, which is slower but correct.
    worker.on('error', () => this.giveUp()).on('exit', () => this.giveUp());
    return worker;
  }

  private giveUp(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.retryTimer);
    this.database.pragma(`wal_autocheckpoint = ${pagesWaiting}`);
  }
}
