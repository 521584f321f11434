import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { ServerBusy } from '@gatehouse/platform/http/failure';
import { PageError } from '../../web/page-error.js';
import type { BacklogLimits } from '../throttling/fair-backlog.js';
import { EstimateTimedOut } from '../throttling/server-busy-errors.js';
import { FairQueue, QueueFull, type QueueSource } from '../throttling/fair-queue.js';

/** A request to the worker thread. */
export interface StrengthRequest {
  readonly id: number;
  readonly password: string;
  /** Words that an attacker knows about the account and the site. */
  readonly words: readonly string[];
}

/** A message of the worker thread: `ready` once it has loaded, then one response per request. */
export type StrengthResponse = 'ready' | { readonly id: number; readonly guesses: number };

interface Options {
  readonly program: string;
  /** Limits of waiting requests, in addition to the one in progress. */
  readonly anonymous: BacklogLimits;
  readonly identified: BacklogLimits;
  /** The total time from request to result. */
  readonly waitMilliseconds: number;
  /** The time of the worker for one estimate. */
  readonly workMilliseconds: number;
  readonly idleMilliseconds: number;
  readonly startMilliseconds: number;
  /** How long no worker is started after one failed to start; the shorter time applies if one has run before. */
  readonly retryDelayMilliseconds: number;
  readonly shortRetryDelayMilliseconds: number;
}

const defaults: Options = {
  // The same file for the compiled program and for tests, which run from the sources.
  program: fileURLToPath(new URL('../../../dist/users/credentials/password-strength-worker.js', import.meta.url)),
  anonymous: { maxWaiting: 25, maxOfSource: 20 },
  // Per account or invitation: nobody sets more passwords at once.
  identified: { maxWaiting: 50, maxOfSource: 5 },
  // Starting a worker on a busy machine takes several seconds.
  waitMilliseconds: 10_000,
  workMilliseconds: 1000,
  idleMilliseconds: 30_000,
  startMilliseconds: 30_000,
  retryDelayMilliseconds: 60_000,
  shortRetryDelayMilliseconds: 2000,
};

/** The number of characters (code points) that are estimated: the work grows faster than the length. */
const charactersEstimated = 40;

const retryAfterSeconds = 2;

/** Undefined if the worker cannot run. */
type Estimate = number | 'too slow' | undefined;

interface PendingRequest extends StrengthRequest {
  readonly resolve: (estimate: Estimate) => void;
}

/**
 * Estimates how many guesses a password takes (zxcvbn). Runs in one worker thread, which starts with the first request
 * and ends after half a minute without one: the dictionaries take tens of megabytes, which a process that only issues
 * tokens never needs (docs/adr/0024).
 */
export class PasswordStrength implements OnModuleDestroy {
  private readonly options: Options;
  private worker: Worker | undefined;
  private isReady = false;
  /** Whether a worker of this process has ever been ready, and so can run here. */
  private hasRun = false;
  private current: PendingRequest | undefined;
  private readonly queue: FairQueue;
  /** The timeout of the worker's current state: starting, working or idle. */
  private timer: NodeJS.Timeout | undefined;
  private retryAt = 0;
  private isShutDown = false;
  private lastId = 0;

  constructor(
    private readonly log: Log,
    options: Partial<Options> = {},
  ) {
    this.options = { ...defaults, ...options };
    const { anonymous, identified } = this.options;
    this.queue = new FairQueue({ slots: 1, anonymous, identified });
  }

  /** True while the worker thread exists. */
  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  /** The number of waiting requests. */
  get backlog(): number {
    return this.queue.backlog;
  }

  /**
   * Networks and sources are served in turn, so that one with many requests delays only its own. A request with a
   * source is rejected when too many wait; load by others never makes it fall back to simpler rules.
   * @param words what an attacker knows about the account and the site
   * @param source the requester; omitted for an operator, whose requests are never rejected
   * @returns undefined if the worker cannot run; for an operator also if there was no result in time
   * @throws PageError passwords.too_many if too many requests of this source wait: 429 with Retry-After
   * @throws ServerBusy if too many requests of all sources wait, or the worker was not ready in time: 503 with
   *   Retry-After
   * @throws EstimateTimedOut if the estimate took too long. Simpler rules must not decide then: load, or a password
   *   crafted to be slow, would get a weak password accepted.
   */
  async guesses(password: string, words: readonly string[], source?: QueueSource): Promise<number | undefined> {
    if (!this.mayRun) {
      // A worker that ran before will run again soon: simpler rules must not decide until then.
      if (source !== undefined && this.hasRun && !this.isShutDown)
        throw new ServerBusy('The password strength worker is restarting.', retryAfterSeconds);
      return undefined;
    }
    const request = { id: ++this.lastId, password: [...password].slice(0, charactersEstimated).join(''), words };
    let isLate = false;
    let hasStarted = false;
    const estimate = this.queue.run(source, () => {
      if (isLate) return Promise.resolve(undefined);
      hasStarted = true;
      return this.ask(request);
    });
    let deadline: NodeJS.Timeout | undefined;
    const timeout = new Promise<'too slow'>((resolve, reject) => {
      // Not unreferenced: it keeps a short-lived command alive until the result arrives.
      deadline = setTimeout(() => {
        isLate = true;
        if (hasStarted) resolve('too slow');
        else reject(new QueueFull('queue'));
      }, this.options.waitMilliseconds);
    });
    try {
      const guesses = await Promise.race([estimate, timeout]);
      if (guesses !== 'too slow') return guesses;
      if (source === undefined) return undefined;
      throw new EstimateTimedOut('The password strength estimate took too long.', retryAfterSeconds);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      if (source === undefined) return undefined;
      throw error.of === 'source'
        ? new PageError('passwords.too_many', { retryAfterSeconds })
        : new ServerBusy('The queue of password strength estimates is full.', retryAfterSeconds);
    } finally {
      clearTimeout(deadline);
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.isShutDown = true;
    await this.stop();
  }

  private get mayRun(): boolean {
    return !this.isShutDown && performance.now() >= this.retryAt;
  }

  /** Called one at a time, because the queue has one slot. */
  private ask(request: StrengthRequest): Promise<Estimate> {
    if (!this.mayRun) return Promise.resolve(this.hasRun ? 'too slow' : undefined);
    return new Promise((resolve) => {
      this.current = { ...request, resolve };
      this.worker ??= this.start();
      this.work(this.worker);
    });
  }

  private work(worker: Worker): void {
    if (!this.isReady) return;
    if (!this.current) {
      this.setTimer(this.options.idleMilliseconds, () => void this.stop());
      return;
    }
    const { id, password, words } = this.current;
    this.setTimer(this.options.workMilliseconds, () => void this.stop('too slow'));
    worker.postMessage({ id, password, words } satisfies StrengthRequest);
  }

  private start(): Worker {
    const worker = new Worker(this.options.program, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.unref();
    // The messages come from our own program.
    worker.on('message', (message: StrengthResponse) => this.onMessage(worker, message));
    worker.on('error', (error) => this.fail(worker, error)).on('exit', () => this.fail(worker, undefined));
    this.setTimer(this.options.startMilliseconds, () =>
      this.fail(worker, new Error('The worker did not start in time.')),
    );
    return worker;
  }

  private onMessage(worker: Worker, message: StrengthResponse): void {
    if (worker !== this.worker) return;
    if (message === 'ready') {
      this.isReady = true;
      this.hasRun = true;
    } else if (message.id === this.current?.id) {
      this.current.resolve(message.guesses);
      this.current = undefined;
    }
    this.work(worker);
  }

  private fail(worker: Worker, error: unknown): void {
    if (worker !== this.worker) return;
    this.log.warn({ err: error }, 'The password strength worker failed.');
    // A password that crashed the worker must not delay other requests: the next one starts a new worker.
    if (!this.isReady)
      this.retryAt =
        performance.now() +
        (this.hasRun ? this.options.shortRetryDelayMilliseconds : this.options.retryDelayMilliseconds);
    void this.stop(this.hasRun ? 'too slow' : undefined);
  }

  /**
   * Stops the worker. The request in progress gets this result; waiting requests go to the next worker, if one may
   * start.
   */
  private async stop(estimate?: Estimate): Promise<void> {
    const { worker, current } = this;
    clearTimeout(this.timer);
    this.worker = undefined;
    this.isReady = false;
    this.current = undefined;
    current?.resolve(estimate);
    await worker?.terminate();
  }

  private setTimer(milliseconds: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, milliseconds).unref();
  }
}
