/** A queue rejected a task, because its source has too many in it or because it is full. */
export class QueueFull extends Error {
  constructor(readonly of: 'source' | 'queue') {
    super(of === 'source' ? 'Too many tasks of one source are waiting.' : 'The queue is full.');
    this.name = 'QueueFull';
  }
}

/** The source of a task, by which a queue counts it. */
export interface QueueSource {
  /** An account, an invitation or a network address. */
  readonly key: string;
  /** The source's network (`networkKey`): wide enough that one customer rarely has several. */
  readonly network: string;
  /** True for a validated account, link or invitation; false if only the address is known. */
  readonly isIdentified: boolean;
}

export interface BacklogLimits {
  /** Waiting tasks of all sources. */
  readonly maxWaiting: number;
  /** Waiting tasks of one source, from all networks. */
  readonly maxOfSource: number;
}

interface Task {
  readonly start: () => void;
  readonly reject: (error: QueueFull) => void;
}

/** The source of internal tasks, which have no address. */
const internal = { key: '', network: '' };

/**
 * Waiting tasks, served round robin by network and, within a network, by source: a network with many sources delays only
 * itself, as does a source with many tasks. When the backlog is full, the newest task of the largest source is dropped.
 */
export class FairBacklog {
  private total = 0;
  /** By network and source, in the order of their turns. Contains no empty collections. */
  private readonly networks = new Map<string, Map<string, Task[]>>();
  private readonly ofSource = new Map<string, number>();

  constructor(private readonly limits: BacklogLimits) {}

  /** The number of waiting tasks. */
  get size(): number {
    return this.total;
  }

  /**
   * Settles when it is the task's turn.
   * @param source undefined for an internal task, which may displace any other
   * @throws QueueFull immediately or while the task waits
   */
  async add(source: QueueSource | undefined): Promise<void> {
    const { key, network } = source ?? internal;
    const waiting = this.ofSource.get(key) ?? 0;
    if (source && waiting >= this.limits.maxOfSource) throw new QueueFull('source');
    if (this.total >= this.limits.maxWaiting) {
      const larger = source ? this.findLargerSource(network, key) : this.largestOfOthers();
      if (!larger) throw new QueueFull(source && waiting > 1 ? 'source' : 'queue');
      this.dropNewest(larger.network, larger.key);
    }
    return new Promise((start, reject) => {
      const sources = this.networks.get(network) ?? new Map<string, Task[]>();
      const tasks = sources.get(key) ?? [];
      tasks.push({ start, reject });
      sources.set(key, tasks);
      this.networks.set(network, sources);
      this.changeBy(1, key);
    });
  }

  /** Removes the next task; undefined if none waits. */
  takeNext(): Task | undefined {
    for (const [network, sources] of this.networks)
      for (const [key, tasks] of sources) {
        const task = tasks.shift();
        // Moves the network behind all others, and the source behind all others of its network.
        sources.delete(key);
        if (tasks.length > 0) sources.set(key, tasks);
        this.networks.delete(network);
        if (sources.size > 0) this.networks.set(network, sources);
        this.changeBy(-1, key);
        return task;
      }
    return undefined;
  }

  /** The source whose task is dropped for one more of this source; undefined if none has more than this one would have. */
  private findLargerSource(network: string, key: string): { network: string; key: string } | undefined {
    const largest = largestOf(this.networks, sizeOfNetwork);
    const sources = this.networks.get(network);
    const isLarger = largest && largest.size > (sources ? sizeOfNetwork(sources) : 0) + 1;
    // No other network is larger: only another source of the same network can be displaced.
    const from = isLarger ? largest : { key: network, value: sources };
    const source = from.value && largestOf(from.value, sizeOfSource);
    if (!source || (!isLarger && source.size <= (sources?.get(key)?.length ?? 0) + 1)) return undefined;
    return { network: from.key, key: source.key };
  }

  private largestOfOthers(): { network: string; key: string } | undefined {
    const network = largestOf(
      [...this.networks].filter(([each]) => each !== internal.network),
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
    dropped?.reject(new QueueFull(key === internal.key || tasks?.length === 0 ? 'queue' : 'source'));
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
