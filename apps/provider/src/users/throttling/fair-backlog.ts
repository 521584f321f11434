/** What a queue refuses, because one source has too much in it or because it is full. */
export class QueueFull extends Error {
  constructor(readonly of: 'source' | 'queue') {
    super(of === 'source' ? 'too much of one source waits' : 'the queue is full');
    this.name = 'QueueFull';
  }
}

/** Who asks, as a queue counts it. */
export interface QueueSource {
  /** An account, an invitation or a network address. */
  readonly key: string;
  /** The network that it asks from (`networkKey`): wide enough that one customer rarely holds several. */
  readonly network: string;
  /** True for an account, a link or an invitation that was proven; false where the address is all that is known. */
  readonly isIdentified: boolean;
}

export interface BacklogLimits {
  /** Tasks that wait, of all sources. */
  readonly maxWaiting: number;
  /** Tasks that wait, of one source, from all networks. */
  readonly maxOfSource: number;
}

interface Task {
  readonly start: () => void;
  readonly refuse: (error: QueueFull) => void;
}

/** Our own tasks: an operator's. They have no address. */
const own = { key: '', network: '' };

/**
 * Tasks that wait, served round robin by network and, within one, by source: a network with many sources delays its own,
 * as a source with many tasks does. When it is full, the newest task of the source that has most gives way.
 */
export class FairBacklog {
  private total = 0;
  /** By network and source; whose turn is next comes first. Nothing in it is empty. */
  private readonly networks = new Map<string, Map<string, Task[]>>();
  private readonly ofSource = new Map<string, number>();

  constructor(private readonly limits: BacklogLimits) {}

  /** How many tasks wait. */
  get size(): number {
    return this.total;
  }

  /**
   * Settles when it is the task's turn.
   * @param source undefined: our own task, which takes the place of any other
   * @throws QueueFull at once or while it waits
   */
  async add(source: QueueSource | undefined): Promise<void> {
    const { key, network } = source ?? own;
    const waiting = this.ofSource.get(key) ?? 0;
    if (source && waiting >= this.limits.maxOfSource) throw new QueueFull('source');
    if (this.total >= this.limits.maxWaiting) {
      const crowded = source ? this.maxCrowded(network, key) : this.largestOfOthers();
      if (!crowded) throw new QueueFull(source && waiting > 1 ? 'source' : 'queue');
      this.dropNewest(crowded.network, crowded.key);
    }
    return new Promise((start, refuse) => {
      const sources = this.networks.get(network) ?? new Map<string, Task[]>();
      const tasks = sources.get(key) ?? [];
      tasks.push({ start, refuse });
      sources.set(key, tasks);
      this.networks.set(network, sources);
      this.changeBy(1, key);
    });
  }

  /** The task whose turn it is; undefined when none waits. */
  takeNext(): Task | undefined {
    for (const [network, sources] of this.networks)
      for (const [key, tasks] of sources) {
        const task = tasks.shift();
        // Behind all other networks, and behind all other sources of its own.
        sources.delete(key);
        if (tasks.length > 0) sources.set(key, tasks);
        this.networks.delete(network);
        if (sources.size > 0) this.networks.set(network, sources);
        this.changeBy(-1, key);
        return task;
      }
    return undefined;
  }

  /** Whose task gives way to one more of this source; undefined where nobody has more than it would have. */
  private maxCrowded(network: string, key: string): { network: string; key: string } | undefined {
    const largest = largestOf(this.networks, sizeOfNetwork);
    const sources = this.networks.get(network);
    const isLarger = largest && largest.size > (sources ? sizeOfNetwork(sources) : 0) + 1;
    // Its own network has as many as any: only another source of that network can give way.
    const from = isLarger ? largest : { key: network, value: sources };
    const source = from.value && largestOf(from.value, sizeOfSource);
    if (!source || (!isLarger && source.size <= (sources?.get(key)?.length ?? 0) + 1)) return undefined;
    return { network: from.key, key: source.key };
  }

  private largestOfOthers(): { network: string; key: string } | undefined {
    const network = largestOf(
      [...this.networks].filter(([each]) => each !== own.network),
      sizeOfNetwork,
    );
    const source = network && largestOf(network.value, sizeOfSource);
    return source && { network: network.key, key: source.key };
  }

  private dropNewest(network: string, key: string): void {
    const sources = this.networks.get(network);
    const tasks = sources?.get(key);
    const dropped = tasks?.pop();
    if (tasks?.length === 0) sources?.delete(key);
    if (sources?.size === 0) this.networks.delete(network);
    this.changeBy(-1, key);
    dropped?.refuse(new QueueFull(key === own.key || tasks?.length === 0 ? 'queue' : 'source'));
  }

  private changeBy(difference: number, key: string): void {
    this.total += difference;
    const count = (this.ofSource.get(key) ?? 0) + difference;
    if (count > 0) this.ofSource.set(key, count);
    else this.ofSource.delete(key);
  }
}

function sizeOfSource(tasks: readonly Task[]): number {
  return tasks.length;
}

function sizeOfNetwork(sources: ReadonlyMap<string, readonly Task[]>): number {
  let size = 0;
  for (const tasks of sources.values()) size += tasks.length;
  return size;
}

function largestOf<T>(
  entries: Iterable<readonly [string, T]>,
  sizeOf: (value: T) => number,
): { readonly key: string; readonly value: T; readonly size: number } | undefined {
  let largest: { key: string; value: T; size: number } | undefined;
  for (const [key, value] of entries) {
    const size = sizeOf(value);
    if (!largest || size > largest.size) largest = { key, value, size };
  }
  return largest;
}
