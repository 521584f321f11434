import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Log } from '@gatehouse/server/telemetry/log';

/** What the thread is asked. */
export interface StrengthQuestion {
  readonly id: number;
  readonly password: string;
  /** What an attacker knows of the account and the site. */
  readonly words: readonly string[];
}

/** What the thread says: once that it has loaded, then an answer to each question. */
export type StrengthAnswer = 'ready' | { readonly id: number; readonly guesses: number };

interface Options {
  readonly program: string;
  /** Questions that wait, beside the one that is worked on. */
  readonly mostWaiting: number;
  /** From the question to its answer, in all. */
  readonly waitMilliseconds: number;
  /** Of the thread, for one answer. */
  readonly workMilliseconds: number;
  readonly idleMilliseconds: number;
  readonly startMilliseconds: number;
  /** After a thread that failed, none is started for so long. */
  readonly restMilliseconds: number;
}

const defaults: Options = {
  // The same file from the compiled program and, in tests, from its sources.
  program: fileURLToPath(new URL('../../dist/users/password-strength-worker.js', import.meta.url)),
  mostWaiting: 50,
  // A thread that starts on a busy machine takes some seconds.
  waitMilliseconds: 10_000,
  workMilliseconds: 1000,
  idleMilliseconds: 30_000,
  startMilliseconds: 30_000,
  restMilliseconds: 60_000,
};

/** Characters (code points) of a password that are estimated: the work grows faster than the length. */
const charactersEstimated = 40;

interface Asked extends StrengthQuestion {
  readonly answer: (guesses: number | undefined) => void;
  readonly deadline: NodeJS.Timeout;
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
  private current: Asked | undefined;
  private readonly waiting: Asked[] = [];
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
  }

  /** True while the thread is there. */
  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  /**
   * @param words what an attacker knows of the account and the site
   * @returns undefined when there is no answer in time: too many ask, or the thread cannot run
   */
  guesses(password: string, words: readonly string[]): Promise<number | undefined> {
    if (this.isOver || this.waiting.length >= this.options.mostWaiting || performance.now() < this.restsUntil)
      return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const asked: Asked = {
        id: ++this.lastId,
        password: [...password].slice(0, charactersEstimated).join(''),
        words,
        answer: (guesses) => {
          clearTimeout(asked.deadline);
          resolve(guesses);
        },
        // Not unreferenced: a command of few lines waits for the answer by it.
        deadline: setTimeout(() => this.abandon(asked), this.options.waitMilliseconds),
      };
      this.waiting.push(asked);
      this.next();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.isOver = true;
    await this.stop();
  }

  private next(): void {
    if (this.current) return;
    this.worker ??= this.start();
    if (!this.isReady) return;
    this.current = this.waiting.shift();
    if (!this.current) {
      this.limit(this.options.idleMilliseconds, () => void this.stop());
      return;
    }
    const { id, password, words } = this.current;
    this.limit(this.options.workMilliseconds, () => void this.stop());
    this.worker.postMessage({ id, password, words } satisfies StrengthQuestion);
  }

  private start(): Worker {
    const worker = new Worker(this.options.program, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.unref();
    // Its messages are those of our own program.
    worker.on('message', (message: StrengthAnswer) => this.hear(worker, message));
    worker.on('error', (error) => this.fail(worker, error)).on('exit', () => this.fail(worker, undefined));
    this.limit(this.options.startMilliseconds, () => this.fail(worker, new Error('it did not start in time')));
    return worker;
  }

  private hear(worker: Worker, message: StrengthAnswer): void {
    if (worker !== this.worker) return;
    if (message === 'ready') this.isReady = true;
    else if (message.id === this.current?.id) {
      this.current.answer(message.guesses);
      this.current = undefined;
    }
    this.next();
  }

  /** One question has waited long enough. What the thread works on has a limit of its own. */
  private abandon(asked: Asked): void {
    const index = this.waiting.indexOf(asked);
    if (index >= 0) this.waiting.splice(index, 1);
    asked.answer(undefined);
  }

  private fail(worker: Worker, error: unknown): void {
    if (worker !== this.worker) return;
    this.log.warn({ err: error }, 'the thread that estimates passwords failed: simpler rules decide for a while');
    this.restsUntil = performance.now() + this.options.restMilliseconds;
    void this.stop();
  }

  /** Ends the thread. What it worked on has no answer; what waits goes to the next thread, if there may be one. */
  private async stop(): Promise<void> {
    const { worker } = this;
    clearTimeout(this.timer);
    this.worker = undefined;
    this.isReady = false;
    this.current?.answer(undefined);
    this.current = undefined;
    if (this.isOver || performance.now() < this.restsUntil)
      for (const asked of this.waiting.splice(0)) asked.answer(undefined);
    if (this.waiting.length > 0) this.next();
    await worker?.terminate();
  }

  private limit(milliseconds: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, milliseconds).unref();
  }
}
