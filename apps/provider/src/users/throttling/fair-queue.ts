import { FairBacklog, type BacklogLimits, type QueueSource } from './fair-backlog.js';

export { QueueFull, type QueueSource } from './fair-backlog.js';

export interface QueueLimits {
  /** Tasks that run at once. */
  readonly slots: number;
  /** For tasks of which nothing but the network address is known. */
  readonly anonymous: BacklogLimits;
  /** For tasks of proven accounts, links and invitations, and for our own. */
  readonly identified: BacklogLimits;
}

/** While both wait, so many identified tasks run for each anonymous one: it is preference, not starvation. */
const identifiedInARow = 3;

/**
 * Runs a few tasks at once. Identified and anonymous tasks wait in two backlogs with places of their own, so that people
 * without an account, in whatever number, cannot take the places of people who have one.
 */
export class FairQueue {
  private running = 0;
  private inARow = 0;
  private readonly anonymous: FairBacklog;
  private readonly identified: FairBacklog;

  constructor(private readonly limits: QueueLimits) {
    this.anonymous = new FairBacklog(limits.anonymous);
    this.identified = new FairBacklog(limits.identified);
  }

  /** How many tasks wait. */
  get backlog(): number {
    return this.anonymous.size + this.identified.size;
  }

  /**
   * @param source undefined: our own tasks, which may fill the identified part and take the place of others there
   * @throws QueueFull instead of running the task, at once or while it waits
   */
  async run<T>(source: QueueSource | undefined, task: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.slots) this.running += 1;
    else await (source?.isIdentified === false ? this.anonymous : this.identified).add(source);
    try {
      return await task();
    } finally {
      // The slot goes to the next task, or is free.
      const next = this.nextBacklog().takeNext();
      if (next) next.start();
      else this.running -= 1;
    }
  }

  private nextBacklog(): FairBacklog {
    const isIdentifiedNext = this.identified.size > 0 && (this.anonymous.size === 0 || this.inARow < identifiedInARow);
    this.inARow = isIdentifiedNext ? this.inARow + 1 : 0;
    return isIdentifiedNext ? this.identified : this.anonymous;
  }
}
