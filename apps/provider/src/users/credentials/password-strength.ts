import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { ServerBusy } from '@gatehouse/platform/http/failure';
import { PageError } from '../../web/page-error.js';
import type { BacklogLimits } from '../throttling/fair-backlog.js';
import { EstimateTimedOut } from '../throttling/server-busy-errors.js';
import { FairQueue, QueueFull, type QueueSource } from '../throttling/fair-queue.js';

/** What the thread is asked. */
export interface StrengthRequest {
  readonly id: number;
  readonly password: string;
  /** What an attacker knows of the account and the site. */
  readonly words: readonly string[];
}

/** What the thread says: once that it has loaded, then an answer to each question. */
export type StrengthResponse = 'ready' | { readonly id: number; readonly guesses: number };

interface Options {
  readonly program: string;
  /** Questions that wait, beside the one that is worked on. */
  readonly anonymous: BacklogLimits;
  readonly identified: BacklogLimits;
  /** From the question to its answer, in all. */
  readonly waitMilliseconds: number;
  /** Of the thread, for one answer. */
  readonly workMilliseconds: number;
  readonly idleMilliseconds: number;
  readonly startMilliseconds: number;
  /** After a thread that could not start, none is started for so long; where one ran before, for the shorter time. */
  readonly restMilliseconds: number;
  readonly shortRestMilliseconds: number;
}

const defaults: Options = {
  // The same file from the compiled program and, in tests, from its sources.
  program: fileURLToPath(new URL('../../../dist/users/credentials/password-strength-worker.js', import.meta.url)),
  anonymous: { maxWaiting: 25, maxOfSource: 20 },
  // Of one account or invitation: nobody sets more passwords at once.
  identified: { maxWaiting: 50, maxOfSource: 5 },
  // A thread that starts on a busy machine takes some seconds.
  waitMilliseconds: 10_000,
  workMilliseconds: 1000,
  idleMilliseconds: 30_000,
  startMilliseconds: 30_000,
  restMilliseconds: 60_000,
  shortRestMilliseconds: 2000,
};

/** Characters (code points) of a password that are estimated: the work grows faster than the length. */
const charactersEstimated = 40;

const retryAfterSeconds = 2;

/** Undefined: the thread cannot run. */
type Answer = number | 'too slow' | undefined;

interface Asked extends StrengthRequest {
  readonly answer: (answer: Answer) => void;
}

/**
 * Estimates how many guesses a password takes (zxcvbn), in one thread that starts with the first question and ends when
 * there was none for half a minute: the dictionaries take tens of megabytes, which a process that only issues tokens
 * never needs (docs/adr/0024).
 */
export class PasswordStrength implements OnModuleDestroy {
  private readonly options: Options;
  private worker: Worker | undefined;
  private isReady = false;
  /** Whether a thread of this process was ever ready: then it can run here. */
  private hasRun = false;
  private current: Asked | undefined;
  private readonly queue: FairQueue;
  /** Runs out on the thread as it is now: while it starts, works, or is idle. */
  private timer: NodeJS.Timeout | undefined;
  private restsUntil = 0;
  private isOver = false;
  private lastId = 0;

  constructor(
    private readonly log: Log,
    options: Partial<Options> = {},
  ) {
    this.options = { ...defaults, ...options };
    const { anonymous, identified } = this.options;
    this.queue = new FairQueue({ slots: 1, anonymous, identified });
  }

  /** True while the thread is there. */
  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  /** How many questions wait. */
  get backlog(): number {
    return this.queue.backlog;
  }

  /**
   * Networks and sources are served in turn, so that one with many questions delays its own. What has a source is refused
   * where too much waits; it is never left without an estimate because of others.
   * @param words what an attacker knows of the account and the site
   * @param source who asks; left out: an operator, who is never refused
   * @returns undefined when the thread cannot run; for an operator also when there was no answer in time
   * @throws PageError passwords.too_many when too many questions of this source wait: 429 with Retry-After
   * @throws ServerBusy when too many of all sources do, or the thread was not ready in time: 503 with Retry-After
   * @throws EstimateTimedOut when the thread worked on this one for too long. Simpler rules must not decide then: it
   *   would take load, or a password made for it, to have a weak one accepted.
   */
  async guesses(password: string, words: readonly string[], source?: QueueSource): Promise<number | undefined> {
    if (!this.mayRun) {
      // One that ran before runs again soon: simpler rules must not decide meanwhile.
      if (source !== undefined && this.hasRun && !this.isOver)
        throw new ServerBusy('the thread that estimates passwords is restarted', retryAfterSeconds);
      return undefined;
    }
    const question = { id: ++this.lastId, password: [...password].slice(0, charactersEstimated).join(''), words };
    let isLate = false;
    let isBegun = false;
    const answer = this.queue.run(source, () => {
      if (isLate) return Promise.resolve(undefined);
      isBegun = true;
      return this.ask(question);
    });
    let deadline: NodeJS.Timeout | undefined;
    const patience = new Promise<'too slow'>((resolve, reject) => {
      // Not unreferenced: a command of few lines waits for the answer by it.
      deadline = setTimeout(() => {
        isLate = true;
        if (isBegun) resolve('too slow');
        else reject(new QueueFull('queue'));
      }, this.options.waitMilliseconds);
    });
    try {
      const guesses = await Promise.race([answer, patience]);
      if (guesses !== 'too slow') return guesses;
      if (source === undefined) return undefined;
      throw new EstimateTimedOut('a password took too long to estimate', retryAfterSeconds);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      if (source === undefined) return undefined;
      throw error.of === 'source'
        ? new PageError('passwords.too_many', { retryAfterSeconds })
        : new ServerBusy('too many passwords wait to be estimated', retryAfterSeconds);
    } finally {
      clearTimeout(deadline);
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.isOver = true;
    await this.stop();
  }

  private get mayRun(): boolean {
    return !this.isOver && performance.now() >= this.restsUntil;
  }

  /** One at a time: the queue sees to it. */
  private ask(question: StrengthRequest): Promise<Answer> {
    if (!this.mayRun) return Promise.resolve(this.hasRun ? 'too slow' : undefined);
    return new Promise((answer) => {
      this.current = { ...question, answer };
      this.worker ??= this.start();
      this.work(this.worker);
    });
  }

  private work(worker: Worker): void {
    if (!this.isReady) return;
    if (!this.current) {
      this.limit(this.options.idleMilliseconds, () => void this.stop());
      return;
    }
    const { id, password, words } = this.current;
    this.limit(this.options.workMilliseconds, () => void this.stop('too slow'));
    worker.postMessage({ id, password, words } satisfies StrengthRequest);
  }

  private start(): Worker {
    const worker = new Worker(this.options.program, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.unref();
    // Its messages are those of our own program.
    worker.on('message', (message: StrengthResponse) => this.onMessage(worker, message));
    worker.on('error', (error) => this.fail(worker, error)).on('exit', () => this.fail(worker, undefined));
    this.limit(this.options.startMilliseconds, () => this.fail(worker, new Error('it did not start in time')));
    return worker;
  }

  private onMessage(worker: Worker, message: StrengthResponse): void {
    if (worker !== this.worker) return;
    if (message === 'ready') {
      this.isReady = true;
      this.hasRun = true;
    } else if (message.id === this.current?.id) {
      this.current.answer(message.guesses);
      this.current = undefined;
    }
    this.work(worker);
  }

  private fail(worker: Worker, error: unknown): void {
    if (worker !== this.worker) return;
    this.log.warn({ err: error }, 'the thread that estimates passwords failed');
    // A password that ended it delays nobody else: the next question starts another thread.
    if (!this.isReady)
      this.restsUntil =
        performance.now() + (this.hasRun ? this.options.shortRestMilliseconds : this.options.restMilliseconds);
    void this.stop(this.hasRun ? 'too slow' : undefined);
  }

  /** Ends the thread. What it worked on has this answer; what waits goes to the next thread, if there may be one. */
  private async stop(answer?: Answer): Promise<void> {
    const { worker, current } = this;
    clearTimeout(this.timer);
    this.worker = undefined;
    this.isReady = false;
    this.current = undefined;
    current?.answer(answer);
    await worker?.terminate();
  }

  private limit(milliseconds: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, milliseconds).unref();
  }
}
