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

const retentionHours = 7 * 24;
const flushMilliseconds = 1_000;

/**
 * Counts forms that were rejected for their origin, by reason. The usual cause is a server whose URL differs from its
 * settings. Counted in memory and written a second later. The table is bounded by reasons and hours, and stores nothing of
 * a request.
 */
@Injectable()
export class RejectedForms implements BeforeApplicationShutdown {
  private readonly pending = new Map<OriginRejection, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  note(reason: OriginRejection): void {
    this.pending.set(reason, (this.pending.get(reason) ?? 0) + 1);
    this.timer ??= setTimeout(() => void this.flush(), flushMilliseconds).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // In a fixed order, so that two processes do not deadlock.
    const counts = [...this.pending].sort(([a], [b]) => (a < b ? -1 : 1));
    this.pending.clear();
    if (counts.length === 0) return;
    const hour = hourOf(this.clock.now());
    await this.store
      .run(async (unit) => {
        for (const [reason, count] of counts) await unit.change(rejectedFormStatements.add, reason, hour, count);
      })
      .catch(() => undefined);
  }

  /** The counts of the last seven days, by reason. */
  async counts(now: EpochSeconds): Promise<{ readonly reason: OriginRejection; readonly count: number }[]> {
    const rows = await this.store.all<{ reason: OriginRejection; count: number }>(
      rejectedFormStatements.counts,
      hourOf(now) - retentionHours,
    );
    return rows.map(({ reason, count }) => ({ reason, count: Number(count) }));
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(rejectedFormStatements.purge, hourOf(now) - retentionHours);
  }
}
