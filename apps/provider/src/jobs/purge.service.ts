import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { Lease } from '../database/lease.js';
import type { PurgeStep } from '../database/sweep.js';
import { Counters } from '../monitoring/counters.js';
import { PurgeTargets, type Purge } from './purge-targets.js';

/** Time limit per table and run; the next run continues. */
const tableMilliseconds = 5_000;
/** Time limit per run for releasing pages to the file system, a few milliseconds per step. */
const releaseMilliseconds = 2_000;
const pagesPerStep = 100;
/** After each step the purge pauses for four times its duration. */
const pauseFactor = 4;
const minPauseMilliseconds = 2;
const everyMilliseconds = 60_000;
/** If at least this share of the scanned rows of an unfinished table has expired, one run per minute is not enough. */
const behindShare = 0.05;
const behindMilliseconds = 1_000;
/** Longer than a run and the pause before the next, so that the same process keeps the lease. */
const leaseSeconds = 180;

/**
 * Deletes expired rows in small steps, so that it does not delay other writes; in one of the processes that share the
 * database. It uses at most a fifth of the time, and very little when few rows have expired.
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

  /** @returns how many rows were deleted; 0 when another process holds the lease */
  async purge(): Promise<number> {
    if (!(await this.lease.hold(this.clock.now()))) return 0;
    let gone = 0;
    let unfinished = 0;
    this.isBehind = false;
    for (const purge of this.purges) {
      const cleared = await this.clear(purge);
      gone += cleared.deleted;
      if (!cleared.more) continue;
      unfinished++;
      this.isBehind ||= cleared.deleted > cleared.seen * behindShare;
    }
    this.counters.purgeUnfinished(unfinished);
    await this.releasePages();
    return gone;
  }

  /** Deleting rows does not shrink the file: releases its free pages. */
  private async releasePages(): Promise<void> {
    const end = performance.now() + releaseMilliseconds;
    let left = 1;
    for (let began = performance.now(); left > 0 && began < end && !this.stopped; began = performance.now()) {
      left = await this.store.releasePages(pagesPerStep);
      if (left > 0) await pause(Math.max(minPauseMilliseconds, (performance.now() - began) * pauseFactor));
    }
  }

  private async clear(purge: Purge): Promise<Required<PurgeStep>> {
    const end = performance.now() + tableMilliseconds;
    let [gone, seen, more] = [0, 0, true];
    for (let began = performance.now(); more && began < end && !this.stopped; began = performance.now()) {
      const step = await this.store.run((unit) => purge(unit, this.clock.now()));
      gone += step.deleted;
      seen += step.seen ?? step.deleted;
      more = step.more;
      this.counters.purgedRows(step.deleted);
      await pause(Math.max(minPauseMilliseconds, (performance.now() - began) * pauseFactor));
    }
    return { deleted: gone, seen, more };
  }
}
