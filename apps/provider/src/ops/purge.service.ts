import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '@gatehouse/server/clock';
import { Store } from '@gatehouse/server/database/store';
import { Log } from '@gatehouse/server/telemetry/log';
import { Counters } from '../http/counters.js';
import { PurgeTargets, type Purge } from './purge-targets.js';

const batch = 500;
const mostBatches = 200;
const everyMilliseconds = 60_000;

/** Clears what has expired, in small batches, so that nobody who writes waits behind it. */
@Injectable()
export class PurgeService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly purges: readonly Purge[];
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
    this.purges = targets.all(batch);
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

  /** @returns how many rows went */
  async purge(): Promise<number> {
    let gone = 0;
    for (const purge of this.purges) {
      for (let round = 0; round < mostBatches && !this.stopped; round++) {
        const count = await this.store.run((unit) => purge(unit, this.clock.now()));
        gone += count;
        this.counters.purgedRows(count);
        if (count < batch) break;
        await pause(5);
      }
    }
    return gone;
  }
}
