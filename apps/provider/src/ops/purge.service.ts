import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '@gatehouse/server/clock';
import { Store } from '@gatehouse/server/database/store';
import { Log } from '@gatehouse/server/telemetry/log';
import { Lease } from '../database/lease.js';
import type { PurgeStep } from '../database/sweep.js';
import { Counters } from '../http/counters.js';
import { PurgeTargets, type Purge } from './purge-targets.js';

/** Of one table in one run; what is left is next. */
const mostSteps = 200;
const everyMilliseconds = 60_000;
/** Longer than a run and the pause to the next: one process goes on doing it while it lives. */
const leaseSeconds = 180;

/**
 * Clears what has expired, in small steps, so that nobody who writes waits behind it; in one process of all that share
 * the database.
 */
@Injectable()
export class PurgeService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly purges: readonly Purge[];
  private readonly lease: Lease;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

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
      this.timer = setTimeout(() => {
        this.running = this.purge()
          .catch((error: unknown) => this.log.warn({ err: error }, 'expired rows could not be purged'))
          .finally(() => this.stopped || next());
      }, everyMilliseconds).unref();
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
    for (const purge of this.purges) {
      let step: PurgeStep = { gone: 0, more: true };
      for (let count = 0; step.more && count < mostSteps && !this.stopped; count++) {
        step = await this.store.run((unit) => purge(unit, this.clock.now()));
        gone += step.gone;
        this.counters.purgedRows(step.gone);
        await pause(2);
      }
      if (step.more) unfinished++;
    }
    this.counters.purgeUnfinished(unfinished);
    return gone;
  }
}
