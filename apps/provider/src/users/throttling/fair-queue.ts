import { FairBacklog, type BacklogLimits, type QueueSource } from './fair-backlog.js';

export { QueueFull, type QueueSource } from './fair-backlog.js';

export interface QueueLimits {
  /** Tasks that run at once. */
  readonly slots: number;
  /** For tasks of which only the network address is known. */
  readonly anonymous: BacklogLimits;
  /** For tasks of validated accounts, links and invitations, and for internal tasks. */
  readonly identified: BacklogLimits;
}

/** While both wait, this many identified tasks run for each anonymous one, so that those are not starved. */
const identifiedInARow = 3;

/**
 * Runs a few tasks at once. Identified and anonymous tasks wait in separate backlogs, so that no number of anonymous
 * tasks can take the places of identified ones.
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

  /** The number of waiting tasks. */
  get backlog(): number {
    return this.anonymous.size + this.identified.size;
  }

  /**
   * @param source undefined for internal tasks, which may fill the identified backlog and displace others there
   * @throws QueueFull instead of running the task, immediately or while it waits
   */
  async run<T>(source: QueueSource | undefined, task: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.slots) this.running += 1;
    else await (source?.isIdentified === false ? this.anonymous : this.identified).add(source);
    try {
      return await task();
    } finally {
      // Passes the slot to the next task, or frees it.
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
