import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CheckpointOutcome, CheckpointTask } from './sqlite-checkpoint-worker.js';
import { maxWalBytes, type SqliteDatabase, type SqliteStatement } from './sqlite-driver.js';

/** The log is looked at after so many commits, and folded back when so many pages wait in it: SQLite's own measure. */
const commitsBetween = 16;
const pagesWaiting = 1000;
/** A log that is too long because a reader holds an old snapshot is checkpointed again after this time. */
const longLogMilliseconds = 2_000;

const ownProgram = fileURLToPath(new URL('./sqlite-checkpoint-worker.js', import.meta.url));

/**
 * Folds the log of a SQLite file back into it in a thread of its own. SQLite does that within a commit by itself, with two
 * more flushes, for which on a slow disk everybody waits who asks this process anything (docs/adr/0009).
 */
export class SqliteCheckpointer {
  private worker: Worker | undefined;
  private isWorking = false;
  private isOver = false;
  private commits = 0;
  private again: NodeJS.Timeout | undefined;
  private readonly look: SqliteStatement;

  /** @param database the write handle */
  constructor(
    private readonly database: SqliteDatabase,
    private readonly program = ownProgram,
  ) {
    database.pragma('wal_autocheckpoint = 0');
    // Only says how long the log is.
    this.look = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** To be called after each commit, outside of a transaction. */
  committed(): void {
    this.commits += 1;
    if (this.commits < commitsBetween || this.isWorking || this.isOver) return;
    this.commits = 0;
    const { log, checkpointed } = this.look.get() as { readonly log: number; readonly checkpointed: number };
    if (log - checkpointed >= pagesWaiting) this.checkpoint();
  }

  async close(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.again);
    await this.worker?.terminate();
  }

  private checkpoint(): void {
    if (this.isWorking || this.isOver) return;
    this.isWorking = true;
    clearTimeout(this.again);
    this.worker ??= this.start();
    this.worker.postMessage('checkpoint');
  }

  private worked(outcome: CheckpointOutcome): void {
    this.isWorking = false;
    // No further commit may come to begin another one.
    if (outcome === 'long' && !this.isOver)
      this.again = setTimeout(() => this.checkpoint(), longLogMilliseconds).unref();
  }

  private start(): Worker {
    const task: CheckpointTask = { path: this.database.name, maxWalBytes };
    const worker = new Worker(this.program, { workerData: task, execArgv: [] });
    worker.unref();
    worker.on('message', (outcome: CheckpointOutcome) => this.worked(outcome));
    // Without it SQLite does the work within commits again: slower, and never wrong.
    worker.on('error', () => this.giveUp()).on('exit', () => this.giveUp());
    return worker;
  }

  private giveUp(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.again);
    this.database.pragma(`wal_autocheckpoint = ${pagesWaiting}`);
  }
}
