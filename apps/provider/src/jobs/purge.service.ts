import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { Lease } from '../database/lease.js';
import type { PurgeStep } from '../database/sweep.js';
import { Counters } from '../monitoring/counters.js';
import { PurgeTargets, type Purge } from './purge-targets.js';

/** For one table in one run; what is left is next. */
const tableMilliseconds = 5_000;
/** For giving pages back to the disk in one run, and so many pages in one step: some milliseconds. */
const releaseMilliseconds = 2_000;
const pagesInStep = 100;
/** After each step four times its length are for others. */
const rest = 4;
const minRestMilliseconds = 2;
const everyMilliseconds = 60_000;
/** While a table that was not finished gives so much of what is looked at, more expires than one run a minute clears. */
const behindShare = 0.05;
const behindMilliseconds = 1_000;
/** Longer than a run and the pause to the next: one process goes on doing it while it lives. */
const leaseSeconds = 180;

/**
 * Clears what has expired, in small steps, so that nobody who writes waits behind it; in one process of all that share
 * the database. It takes a fifth of the time where much has expired, and next to nothing where little has.
 */
@Injectable()
export class PurgeService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly purges: readonly Purge[];
  private readonly lease: Lease;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private isBehind = false;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Log) private readonly log: Log,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(PurgeTargets) targets: PurgeTargets,
  ) {
    this.purges = targets.all;
    this.lease = new Lease(store, 'purge', leaseSeconds);
  }

  onApplicationBootstrap(): void {
    const next = (): void => {
      const wait = this.isBehind ? behindMilliseconds : everyMilliseconds;
      this.timer = setTimeout(() => {
        this.running = this.purge()
          .catch((error: unknown) => this.log.warn({ err: error }, 'expired rows could not be purged'))
          .finally(() => this.stopped || next());
      }, wait).unref();
    };
    next();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** @returns how many rows went; none where another process does it */
  async purge(): Promise<number> {
    if (!(await this.lease.hold(this.clock.now()))) return 0;
    let gone = 0;
    let unfinished = 0;
    this.isBehind = false;
    for (const purge of this.purges) {
      const cleared = await this.clear(purge);
      gone += cleared.gone;
      if (!cleared.more) continue;
      unfinished++;
      this.isBehind ||= cleared.gone > cleared.seen * behindShare;
    }
    this.counters.purgeUnfinished(unfinished);
    await this.releasePages();
    return gone;
  }

  /** What was purged leaves the file larger than it has to be. */
  private async releasePages(): Promise<void> {
    const end = performance.now() + releaseMilliseconds;
    let left = 1;
    for (let began = performance.now(); left > 0 && began < end && !this.stopped; began = performance.now()) {
      left = await this.store.releasePages(pagesInStep);
      if (left > 0) await pause(Math.max(minRestMilliseconds, (performance.now() - began) * rest));
    }
  }

  private async clear(purge: Purge): Promise<Required<PurgeStep>> {
    const end = performance.now() + tableMilliseconds;
    let [gone, seen, more] = [0, 0, true];
    for (let began = performance.now(); more && began < end && !this.stopped; began = performance.now()) {
      const step = await this.store.run((unit) => purge(unit, this.clock.now()));
      gone += step.gone;
      seen += step.seen ?? step.gone;
      more = step.more;
      this.counters.purgedRows(step.gone);
      await pause(Math.max(minRestMilliseconds, (performance.now() - began) * rest));
    }
    return { gone, seen, more };
  }
}
