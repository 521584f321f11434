/** What a queue refuses, because one source has too much in it or because it is full. */
export class QueueFull extends Error {
  constructor(readonly of: 'source' | 'queue') {
    super(of === 'source' ? 'too much of one source waits' : 'the queue is full');
    this.name = 'QueueFull';
  }
}

export interface QueueLimits {
  /** Tasks that run at once. */
  readonly slots: number;
  /** Tasks that wait, of all sources. */
  readonly mostWaiting: number;
  /** Tasks that wait, of one source. */
  readonly mostOfSource: number;
}

interface Waiting {
  readonly start: () => void;
  readonly refuse: (error: QueueFull) => void;
}

/**
 * Runs a few tasks at once and serves those that wait round robin by source, so that a source with many tasks delays
 * its own. A full queue drops the newest task of the source that has most in it in favour of one that has less.
 */
export class FairQueue {
  private running = 0;
  private size = 0;
  /** By source; the source whose turn is next comes first. No list is empty. */
  private readonly waiting = new Map<string, Waiting[]>();

  constructor(private readonly limits: QueueLimits) {}

  /** How many tasks wait. */
  get backlog(): number {
    return this.size;
  }

  /**
   * @param source undefined: our own tasks, which may fill the queue and take the place of others
   * @throws QueueFull instead of running the task, at once or while it waits
   */
  async run<T>(source: string | undefined, task: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.slots) this.running += 1;
    else await this.wait(source);
    try {
      return await task();
    } finally {
      // The slot goes to the next task, or is free.
      const next = this.takeNext();
      if (next) next.start();
      else this.running -= 1;
    }
  }

  private wait(source = ''): Promise<void> {
    const own = this.waiting.get(source) ?? [];
    if (source !== '' && own.length >= this.limits.mostOfSource) throw new QueueFull('source');
    if (this.size >= this.limits.mostWaiting) this.makeRoomFor(source, own.length);
    return new Promise((start, refuse) => {
      own.push({ start, refuse });
      this.waiting.set(source, own);
      this.size += 1;
    });
  }

  /** @throws QueueFull where no other source has more in the queue than this one would have; our own tasks outrank all */
  private makeRoomFor(source: string, ownLength: number): void {
    let [largest, length] = [source, source === '' ? 0 : ownLength];
    for (const [each, tasks] of this.waiting) {
      const isOwn = source === '' && each === '';
      if (!isOwn && tasks.length > length) [largest, length] = [each, tasks.length];
    }
    if (largest === source || (source !== '' && length <= ownLength + 1))
      throw new QueueFull(source !== '' && ownLength > 1 ? 'source' : 'queue');
    this.size -= 1;
    const tasks = this.waiting.get(largest) ?? [];
    const dropped = tasks.pop();
    if (tasks.length === 0) this.waiting.delete(largest);
    dropped?.refuse(new QueueFull(largest === '' || tasks.length === 0 ? 'queue' : 'source'));
  }

  private takeNext(): Waiting | undefined {
    for (const [source, tasks] of this.waiting) {
      const task = tasks.shift();
      this.waiting.delete(source);
      // Behind all other sources.
      if (tasks.length > 0) this.waiting.set(source, tasks);
      this.size -= 1;
      return task;
    }
    return undefined;
  }
}
