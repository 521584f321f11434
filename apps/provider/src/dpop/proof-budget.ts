import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';

/** About as long as the `jti` of a proof is stored: what is stored at once is at most twice the number. */
const windowSeconds = 300;
const mostInWindow = 2000;
/** Past it the window that began first is dropped. */
const mostWindows = 10_000;

interface Window {
  readonly since: EpochSeconds;
  count: number;
}

/** How many proofs may be stored for requests that store nothing else. Per process: it bounds the table, nothing else. */
export class ProofBudget {
  private readonly windows = new Map<string, Window>();

  /** True while there is room for one more under this key. */
  take(key: string, now: EpochSeconds): boolean {
    const window = this.windows.get(key);
    if (window && addSeconds(window.since, windowSeconds) > now) return ++window.count <= mostInWindow;
    this.windows.delete(key);
    this.windows.set(key, { since: now, count: 1 });
    if (this.windows.size > mostWindows) {
      const [oldest] = this.windows.keys();
      if (oldest !== undefined) this.windows.delete(oldest);
    }
    return true;
  }
}
