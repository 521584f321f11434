import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { StatementText, Store } from '@gatehouse/platform/database/store';

const flushMilliseconds = 2_000;
const batchSize = 500;

/** Records when rows were last used. Writes are delayed by seconds and batched, so that they do not slow down requests. */
export class LastUse<Key extends number | string> {
  private waiting = new Map<Key, EpochSeconds>();
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param statement writes one use: the key is `$1`, the time `$2`
   * @param maxWaiting further uses are dropped: they are only informational, and each one writes a page of a large table
   */
  constructor(
    private readonly store: Store,
    private readonly statement: StatementText,
    private readonly maxWaiting = 20_000,
  ) {}

  note(key: Key, now: EpochSeconds): void {
    if (this.waiting.size >= this.maxWaiting) return;
    this.waiting.set(key, now);
    this.timer ??= setTimeout(() => void this.flush(), flushMilliseconds).unref();
  }

  /** Writes the waiting uses in key order, so that two processes that write the same rows do not deadlock. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const uses = [...this.waiting].sort(([a], [b]) => (a < b ? -1 : 1));
    this.waiting = new Map();
    for (let at = 0; at < uses.length; at += batchSize) {
      const batch = uses.slice(at, at + batchSize);
      await this.store
        .run((unit) => {
          for (const [key, now] of batch) unit.write(this.statement, key, now);
        })
        .catch(() => undefined);
    }
  }
}
