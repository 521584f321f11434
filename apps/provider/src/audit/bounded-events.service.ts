import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { statement, Store } from '@gatehouse/platform/database/store';
import { AuditService, type AuditEvent, type AuditType } from './audit.service.js';

/** How many of the actor's newest events a count reads at most. */
const maxCounted = 200;

const boundedStatements = {
  count: statement(
    'audit_events.count_recent',
    `SELECT COUNT(*) AS n FROM (SELECT type, at FROM audit_events WHERE actor_id = $1 ORDER BY selector DESC LIMIT $4) AS recent
     WHERE type = $2 AND at > $3`,
  ),
};

/** The maximum number of events of one type and actor within a time window. */
export interface EventBound {
  readonly limit: number;
  readonly seconds: number;
}

/** Records events that one user could cause without limit. */
@Injectable()
export class BoundedEvents {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Records an event in a separate unit of work. Over the bound nothing is written; on PostgreSQL, concurrent units may
   * exceed it by their number.
   */
  async record(event: AuditEvent & { readonly actorId: string }, bound: EventBound): Promise<void> {
    const now = this.clock.now();
    // Reads first, so that a flood of rejected requests causes no writes.
    if ((await this.count(this.store, event, now - bound.seconds)) >= bound.limit) return;
    await this.store.run(async (unit) => {
      if ((await this.count(unit, event, now - bound.seconds)) < bound.limit) await this.audit.record(unit, event);
    });
  }

  private async count(
    reader: Pick<Store, 'one'>,
    { actorId, type }: { readonly actorId: string; readonly type: AuditType },
    since: EpochSeconds | number,
  ): Promise<number> {
    const row = await reader.one<{ n: number }>(boundedStatements.count, actorId, type, since, maxCounted);
    return Number(row?.n ?? 0);
  }
}
