import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { StatementText, Store } from '@gatehouse/platform/database/store';

const everyMilliseconds = 2_000;
const maxInUnit = 500;

/** When rows were last used, written some seconds later and many together: no request waits for it or pays for it. */
export class LastUse<Key extends number | string> {
  private waiting = new Map<Key, EpochSeconds>();
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param statement writes one note: the key is `$1`, the instant `$2`
   * @param maxWaiting past this a note is dropped, until the row is used again: it is a convenience for whoever looks at
   *   a list, and each one is a page of a large table
   */
  constructor(
    private readonly store: Store,
    private readonly statement: StatementText,
    private readonly maxWaiting = 20_000,
  ) {}

  note(key: Key, now: EpochSeconds): void {
    if (this.waiting.size >= this.maxWaiting) return;
    this.waiting.set(key, now);
    this.timer ??= setTimeout(() => void this.flush(), everyMilliseconds).unref();
  }

  /** Writes what waits, in the order of the keys: two processes that write the same rows never wait for each other in a circle. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const uses = [...this.waiting].sort(([a], [b]) => (a < b ? -1 : 1));
    this.waiting = new Map();
    for (let at = 0; at < uses.length; at += maxInUnit) {
      const part = uses.slice(at, at + maxInUnit);
      await this.store
        .run((unit) => {
          for (const [key, now] of part) unit.write(this.statement, key, now);
        })
        .catch(() => undefined);
    }
  }
}
