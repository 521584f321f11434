import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';

const maxKeys = 10_000;

/** How often something may be done per key (an address, a host), in fixed windows. Its state is in the process, and bounded. */
export class RateBudget {
  private readonly windows = new Map<string, { readonly since: EpochSeconds; count: number }>();

  constructor(private readonly limits: { readonly most: number; readonly seconds: number }) {}

  /** Counts one more. @returns false past the limit, until the window of this key ends */
  take(key: string, now: EpochSeconds): boolean {
    const { most, seconds } = this.limits;
    const window = this.windows.get(key);
    if (window && addSeconds(window.since, seconds) > now) {
      if (window.count >= most) return false;
      window.count++;
      return true;
    }
    // Deleted first: the map is in the order in which windows began, and the oldest goes first.
    this.windows.delete(key);
    this.windows.set(key, { since: now, count: 1 });
    const [oldest] = this.windows.size > maxKeys ? this.windows.keys() : [];
    if (oldest !== undefined) this.windows.delete(oldest);
    return true;
  }
}

/** How much may run at once: in all, and per key. */
export class ConcurrencyBudget {
  private running = 0;
  private readonly byKey = new Map<string, number>();

  constructor(private readonly limits: { readonly most: number; readonly maxPerKey: number }) {}

  /** @returns what gives the place back, to be called once; undefined when there is none */
  enter(key: string): (() => void) | undefined {
    const ofKey = this.byKey.get(key) ?? 0;
    if (this.running >= this.limits.most || ofKey >= this.limits.maxPerKey) return undefined;
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

/** Takes a place in each budget, or in none. */
export function enterAll(
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

/** Limits of what strangers make us fetch. */
export interface SourceLimits {
  /** In how many seconds one source, or one host, has so many fetches. */
  readonly seconds: number;
  readonly perSource: number;
  readonly perHost: number;
  /** At once: in all, of one source and of one host. */
  readonly running: number;
  readonly runningPerSource: number;
  readonly runningPerHost: number;
}

/**
 * Limits fetches by the source of the request first, so that one source does not use up what a host or everybody has;
 * then by the host, which strangers can name too; then in all.
 */
export class SourceBudget {
  private readonly bySource: RateBudget;
  private readonly byHost: RateBudget;
  private readonly runningBySource: ConcurrencyBudget;
  private readonly runningByHost: ConcurrencyBudget;

  constructor({ seconds, perSource, perHost, running, runningPerSource, runningPerHost }: SourceLimits) {
    this.bySource = new RateBudget({ most: perSource, seconds });
    this.byHost = new RateBudget({ most: perHost, seconds });
    this.runningBySource = new ConcurrencyBudget({ most: running, maxPerKey: runningPerSource });
    this.runningByHost = new ConcurrencyBudget({ most: running, maxPerKey: runningPerHost });
  }

  /** @returns what gives the place back, to be called once; undefined past a limit */
  enter(source: string, host: string, now: EpochSeconds): (() => void) | undefined {
    // What the source may not ask for is not counted for the host.
    if (!this.bySource.take(source, now)) return undefined;
    const leave = enterAll([this.runningBySource, source], [this.runningByHost, host]);
    if (leave && this.byHost.take(host, now)) return leave;
    leave?.();
    return undefined;
  }
}
