import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import type { OriginRejection } from '@gatehouse/platform/http/origin-check';
import { hourOf } from './activity.service.js';

const rejectedFormStatements = {
  add: statement(
    'form_refusals.add',
    `INSERT INTO form_refusals (reason, hour, count) VALUES ($1, $2, $3)
     ON CONFLICT (reason, hour) DO UPDATE SET count = form_refusals.count + excluded.count`,
  ),
  counts: statement(
    'form_refusals.counts',
    'SELECT reason, SUM(count) AS count FROM form_refusals WHERE hour > $1 GROUP BY reason ORDER BY reason',
  ),
  purge: statement('form_refusals.purge', 'DELETE FROM form_refusals WHERE hour <= $1'),
};

const keptHours = 7 * 24;
const everyMilliseconds = 1_000;

/**
 * Counts the forms that were refused for their origin, by reason: mostly a server whose address is not the one that its
 * settings name. Counted in memory and added up a second later. The table is bounded by reasons and hours: nothing of a
 * request is kept.
 */
@Injectable()
export class RejectedForms implements BeforeApplicationShutdown {
  private readonly counted = new Map<OriginRejection, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  note(reason: OriginRejection): void {
    this.counted.set(reason, (this.counted.get(reason) ?? 0) + 1);
    this.timer ??= setTimeout(() => void this.flush(), everyMilliseconds).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // In one order, so that two processes never wait for each other's rows.
    const counts = [...this.counted].sort(([a], [b]) => (a < b ? -1 : 1));
    this.counted.clear();
    if (counts.length === 0) return;
    const hour = hourOf(this.clock.now());
    await this.store
      .run(async (unit) => {
        for (const [reason, count] of counts) await unit.change(rejectedFormStatements.add, reason, hour, count);
      })
      .catch(() => undefined);
  }

  /** Of the last seven days, by reason. */
  async counts(now: EpochSeconds): Promise<{ readonly reason: OriginRejection; readonly count: number }[]> {
    const rows = await this.store.all<{ reason: OriginRejection; count: number }>(
      rejectedFormStatements.counts,
      hourOf(now) - keptHours,
    );
    return rows.map(({ reason, count }) => ({ reason, count: Number(count) }));
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(rejectedFormStatements.purge, hourOf(now) - keptHours);
  }
}
