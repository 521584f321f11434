import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';

const maxKeys = 10_000;

/** A rate limit per key (an address, a host) in fixed windows. Kept in memory, with bounded size. */
export class RateBudget {
  private readonly windows = new Map<string, { readonly since: EpochSeconds; count: number }>();

  constructor(private readonly limits: { readonly limit: number; readonly seconds: number }) {}

  /** Counts one more. @returns false over the limit, until the window of this key ends */
  take(key: string, now: EpochSeconds): boolean {
    const { limit, seconds } = this.limits;
    const window = this.windows.get(key);
    if (window && addSeconds(window.since, seconds) > now) {
      if (window.count >= limit) return false;
      window.count++;
      return true;
    }
    // Deleted first: the map is ordered by the start of windows, and the oldest is evicted first.
    this.windows.delete(key);
    this.windows.set(key, { since: now, count: 1 });
    const [oldest] = this.windows.size > maxKeys ? this.windows.keys() : [];
    if (oldest !== undefined) this.windows.delete(oldest);
    return true;
  }
}

/** A limit of concurrency: in total and per key. */
export class ConcurrencyBudget {
  private running = 0;
  private readonly byKey = new Map<string, number>();

  constructor(private readonly limits: { readonly limit: number; readonly maxPerKey: number }) {}

  /** @returns a function that releases the slot, to be called once; undefined when no slot is free */
  enter(key: string): (() => void) | undefined {
    const ofKey = this.byKey.get(key) ?? 0;
    if (this.running >= this.limits.limit || ofKey >= this.limits.maxPerKey) return undefined;
    this.running++;
    this.byKey.set(key, ofKey + 1);
    return () => this.leave(key);
  }

  private leave(key: string): void {
    this.running--;
    const left = (this.byKey.get(key) ?? 1) - 1;
    if (left > 0) this.byKey.set(key, left);
    else this.byKey.delete(key);
  }
}

/** Takes a slot in each budget, or in none. */
export function acquireAll(
  ...places: readonly (readonly [budget: ConcurrencyBudget, key: string])[]
): (() => void) | undefined {
  const taken: (() => void)[] = [];
  const leaveAll = (): void => taken.forEach((leave) => leave());
  for (const [budget, key] of places) {
    const leave = budget.enter(key);
    if (!leave) {
      leaveAll();
      return undefined;
    }
    taken.push(leave);
  }
  return leaveAll;
}

/** Limits of fetches that unauthenticated requests trigger. */
export interface SourceLimits {
  /** Length of the window for the rate limits, in seconds. */
  readonly seconds: number;
  readonly perSource: number;
  readonly perHost: number;
  /** Maximum concurrency: total, per source and per host. */
  readonly running: number;
  readonly runningPerSource: number;
  readonly runningPerHost: number;
}

/**
 * Limits fetches by the source of the request first, so that one source does not use up the limit of a host or of all; then by
 * host, which unauthenticated requests can choose too; then in total.
 */
export class SourceBudget {
  private readonly bySource: RateBudget;
  private readonly byHost: RateBudget;
  private readonly runningBySource: ConcurrencyBudget;
  private readonly runningByHost: ConcurrencyBudget;

  constructor({ seconds, perSource, perHost, running, runningPerSource, runningPerHost }: SourceLimits) {
    this.bySource = new RateBudget({ limit: perSource, seconds });
    this.byHost = new RateBudget({ limit: perHost, seconds });
    this.runningBySource = new ConcurrencyBudget({ limit: running, maxPerKey: runningPerSource });
    this.runningByHost = new ConcurrencyBudget({ limit: running, maxPerKey: runningPerHost });
  }

  /** @returns a function that releases the slot, to be called once; undefined over a limit */
  enter(source: string, host: string, now: EpochSeconds): (() => void) | undefined {
    // A fetch that the source may not make does not count for the host.
    if (!this.bySource.take(source, now)) return undefined;
    const leave = acquireAll([this.runningBySource, source], [this.runningByHost, host]);
    if (leave && this.byHost.take(host, now)) return leave;
    leave?.();
    return undefined;
  }
}
