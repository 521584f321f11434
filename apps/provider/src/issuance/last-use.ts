import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import type { Store } from '@gatehouse/server/database/store';
import { accessTokenStatements } from './token.statements.js';

const everyMilliseconds = 2_000;
/** Past this a note is dropped: it is a convenience for whoever looks at the list of tokens, and its loss harms nobody. */
const mostWaiting = 20_000;
const mostInUnit = 500;

/** When tokens were last used, written some seconds later and many together: no request waits for it or pays for it. */
export class LastUse {
  private waiting = new Map<Selector, EpochSeconds>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly store: Store) {}

  note(selector: Selector, now: EpochSeconds): void {
    if (this.waiting.size >= mostWaiting) return;
    this.waiting.set(selector, now);
    this.timer ??= setTimeout(() => void this.flush(), everyMilliseconds).unref();
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const uses = [...this.waiting].sort(([a], [b]) => a - b);
    this.waiting = new Map();
    for (let at = 0; at < uses.length; at += mostInUnit) {
      const part = uses.slice(at, at + mostInUnit);
      await this.store
        .run(async (unit) => {
          for (const [selector, now] of part) await unit.change(accessTokenStatements.use, selector, now);
        })
        .catch(() => undefined);
    }
  }
}
