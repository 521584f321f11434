import type { PostgresClient, PostgresPool } from './postgres-driver.js';
import { isConnectionLost, isOutdated } from './postgres-errors.js';
import { StepFailed, type RunSteps, type Step, type StepResult } from './postgres-pipeline.js';
import { StoreUnavailable } from './store.js';

export interface ReadsOptions {
  /** Maximum number of waiting reads; the next one is rejected. */
  readonly maxWaiting: number;
  /** Timeout of a batch. */
  readonly milliseconds: number;
  readonly runSteps: RunSteps;
}

interface Read {
  readonly step: Step;
  readonly resolve: (result: StepResult) => void;
  readonly reject: (reason: unknown) => void;
  attempts: number;
}

/** Small, so that one slow query delays only a few others. */
const maxInBatch = 16;

/**
 * Reads of committed rows. Reads of the same turn of the event loop are sent together, so that they share the cost of a round
 * trip.
 */
export class PostgresReads {
  private waiting: Read[] = [];
  private isPlanned = false;
  private running = 0;

  constructor(
    private readonly pool: PostgresPool,
    private readonly options: ReadsOptions,
  ) {}

  /** Number of reads that wait for a connection. */
  get backlog(): number {
    return this.waiting.length;
  }

  /** @throws errors of the server or the driver; StoreUnavailable when too many reads wait */
  ask(step: Step): Promise<StepResult> {
    if (this.waiting.length >= this.options.maxWaiting)
      return Promise.reject(new StoreUnavailable('too many reads wait'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ step, resolve, reject, attempts: 0 });
      this.plan();
    });
  }

  private plan(): void {
    if (this.isPlanned || this.waiting.length === 0) return;
    this.isPlanned = true;
    setImmediate(() => {
      this.isPlanned = false;
      while (this.waiting.length > 0 && this.hasRoom()) void this.run(this.waiting.splice(0, maxInBatch));
    });
  }

  /** False while every connection is busy: waiting reads are sent on the next free one. */
  private hasRoom(): boolean {
    return this.running < this.pool.options.max;
  }

  private async run(reads: readonly Read[]): Promise<void> {
    this.running += 1;
    try {
      await this.send(reads);
    } finally {
      this.running -= 1;
      this.plan();
    }
  }

  private async send(reads: readonly Read[]): Promise<void> {
    let client: PostgresClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      this.retry(reads, error);
      return;
    }
    client.on('error', ignore);
    let broken = false;
    try {
      const results = await this.withinTime(
        this.options.runSteps(
          client,
          reads.map(({ step }) => step),
        ),
      );
      settle(reads, results);
    } catch (error) {
      const { done, cause } = error instanceof StepFailed ? error : { done: [], cause: error };
      broken = !(error instanceof StepFailed) || isConnectionLost(cause) || isOutdated(cause);
      settle(reads, done);
      const remaining = reads.slice(done.length);
      if (broken) this.retry(remaining, cause);
      else {
        // Only that read failed; the ones after it were not executed.
        remaining.shift()?.reject(cause);
        this.waiting.unshift(...remaining);
      }
    } finally {
      if (!broken) client.off('error', ignore);
      client.release(broken);
    }
  }

  /** Reads are safe to retry: once after a lost connection, and once for each connection with an outdated statement. */
  private retry(reads: readonly Read[], reason: unknown): void {
    const maxAttempts = isOutdated(reason) ? this.pool.options.max : isConnectionLost(reason) ? 1 : 0;
    for (const read of reads) {
      read.attempts += 1;
      if (read.attempts <= maxAttempts) this.waiting.push(read);
      else read.reject(reason);
    }
  }

  private async withinTime<T>(pending: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new StoreUnavailable('a read took too long')), this.options.milliseconds);
    });
    try {
      return await Promise.race([pending, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function settle(reads: readonly Read[], results: readonly StepResult[]): void {
  results.forEach((result, index) => reads[index]?.resolve(result));
}

function ignore(): void {
  // A connection that breaks while in use also reports it to its query.
}
