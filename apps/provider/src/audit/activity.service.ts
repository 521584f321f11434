import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { Counters, type ActivityKind } from '../monitoring/counters.js';

const activityStatements = {
  add: statement(
    'activity_hours.add',
    `INSERT INTO activity_hours (hour, kind, count) VALUES ($1, $2, $3)
     ON CONFLICT (hour, kind) DO UPDATE SET count = activity_hours.count + excluded.count`,
  ),
  since: statement('activity_hours.since', 'SELECT hour, kind, count FROM activity_hours WHERE hour >= $1'),
  purge: statement('activity_hours.purge', 'DELETE FROM activity_hours WHERE hour < $1'),
};

const flushMilliseconds = 5_000;
const retentionHours = 31 * 24;

/** The number of events of a kind in one hour. */
export interface HourlyCount {
  /** Hours since the epoch. */
  readonly hour: number;
  readonly kind: string;
  readonly count: number;
}

/**
 * Counts sign-ins, failures, tokens and failed requests per hour, across all processes. Counted in memory and written some
 * seconds later: no request waits for the write, and a process that crashes loses the counts of those seconds.
 */
@Injectable()
export class Activity implements OnModuleInit, BeforeApplicationShutdown {
  private counts = new Map<ActivityKind, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Counters) private readonly counters: Counters,
  ) {}

  onModuleInit(): void {
    this.counters.onActivity((kind) => {
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      this.timer ??= setTimeout(() => void this.flush(), flushMilliseconds).unref();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // In a fixed order, so that two processes do not deadlock.
    const entries = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    this.counts = new Map();
    if (entries.length === 0) return;
    const hour = hourOf(this.clock.now());
    await this.store
      .run((unit) => {
        for (const [kind, count] of entries) unit.write(activityStatements.add, hour, kind, count);
      })
      .catch(() => undefined);
  }

  async since(hour: number): Promise<HourlyCount[]> {
    const rows = await this.store.all<HourlyCount>(activityStatements.since, hour);
    return rows.map((row) => ({ hour: Number(row.hour), kind: row.kind, count: Number(row.count) }));
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(activityStatements.purge, hourOf(now) - retentionHours);
  }
}

/** Hours since the epoch. */
export function hourOf(now: EpochSeconds): number {
  return Math.floor(now / 3600);
}
