import { Inject, Injectable } from '@nestjs/common';
import { statement, Store } from '@gatehouse/platform/database/store';
import { firstSelectorAt } from '@gatehouse/platform/secrets/random';
import { Brackets } from 'typeorm';
import type { AuditRow } from './audit-chain.service.js';
import { AuditEventEntity } from './audit-event.entity.js';
import type { AuditType } from './audit.service.js';
import type { Changes } from './changed-members.js';
import { currentType, storedTypes } from './renamed-types.js';

/** A stored event. */
export interface LoggedEvent {
  readonly selector: number;
  /** Epoch seconds. */
  readonly at: number;
  readonly type: string;
  readonly actorId: string | null;
  readonly clientId: string | null;
  readonly subjectId: string | null;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** The changed members; empty for events that change no record. */
  readonly changes: Changes;
}

export interface AuditSearch {
  readonly types?: readonly AuditType[] | undefined;
  /** The user as actor or as subject. */
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** Epoch seconds: events recorded from this time on, and before that one. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** The last selector of the previous page. */
  readonly before?: number | undefined;
  /** Events recorded from this time on, besides `from`; epoch seconds. */
  readonly since?: number | undefined;
  readonly limit: number;
}

/** A part of the log. Selectors are ordered by the time at which their event was recorded. */
interface SelectorRange {
  /** Inclusive. */
  readonly first: number;
  /** Exclusive. */
  readonly before: number;
}

export interface AuditPage {
  readonly events: readonly LoggedEvent[];
  /** `before` of the next page; undefined at the end of the log. */
  readonly next: number | undefined;
}

const columns = 'selector, at, type, actor_id, client_id, subject_id, address, request_id, details';

const logStatements = {
  ofUser: statement(
    'audit_events.of_person',
    `SELECT * FROM (SELECT ${columns} FROM audit_events WHERE actor_id = $1 AND selector < $2 AND selector >= $4
       ORDER BY selector DESC LIMIT $3) AS by_actor
     UNION SELECT * FROM (SELECT ${columns} FROM audit_events WHERE subject_id = $1 AND selector < $2 AND selector >= $4
       ORDER BY selector DESC LIMIT $3) AS by_subject
     ORDER BY selector DESC LIMIT $3`,
  ),
  floor: statement(
    'audit_events.floor',
    'SELECT selector FROM audit_events WHERE selector < $1 AND selector >= $3 ORDER BY selector DESC LIMIT 1 OFFSET $2',
  ),
  one: statement('audit_events.one', `SELECT ${columns} FROM audit_events WHERE selector = $1`),
};

/** The maximum number of events that are scanned for one page; rare events may be on later pages. */
const maxScanned = 50_000;

/** Reads the audit log, newest event first. */
@Injectable()
export class AuditLog {
  constructor(@Inject(Store) private readonly store: Store) {}

  /** Events of one user, as actor or as subject. */
  async ofPerson(userId: string, before = Number.MAX_SAFE_INTEGER, limit = 50): Promise<AuditPage> {
    return this.ofPersonIn(userId, { first: 0, before }, limit);
  }

  /** A page may have fewer events than the limit and still a next page, because the scan is bounded. */
  async search(query: AuditSearch): Promise<AuditPage> {
    const { limit, userId, types, clientId, address, requestId } = query;
    const range = rangeOf(query);
    if (userId !== undefined && [types, clientId, address, requestId].every((each) => each === undefined))
      return this.ofPersonIn(userId, range, limit);
    const floor = await this.store.one<{ selector: number }>(
      logStatements.floor,
      range.before,
      maxScanned - 1,
      range.first,
    );
    const scannedFrom = Math.max(range.first, floor === undefined ? 0 : Number(floor.selector));
    const select = this.store.reader
      .createQueryBuilder(AuditEventEntity, 'event')
      .where('event.selector < :before', { before: range.before })
      .andWhere('event.selector >= :scannedFrom', { scannedFrom })
      .orderBy('event.selector', 'DESC')
      .take(limit + 1);
    if (types) select.andWhere('event.type IN (:...types)', { types: storedTypes(types) });
    if (clientId !== undefined) select.andWhere('event.clientId = :clientId', { clientId });
    if (address !== undefined) select.andWhere('event.address = :address', { address });
    if (requestId !== undefined) select.andWhere('event.requestId = :requestId', { requestId });
    if (userId !== undefined)
      select.andWhere(
        new Brackets((either) =>
          either.where('event.actorId = :userId', { userId }).orWhere('event.subjectId = :userId', { userId }),
        ),
      );
    const rows = await select.getMany();
    const events = rows
      .slice(0, limit)
      .map((row) => ({ ...row, type: currentType(row.type), ...separateChanges(row.details) }));
    const next = rows.length > limit ? events.at(-1)?.selector : scannedFrom > range.first ? scannedFrom : undefined;
    return { events, next };
  }

  private async ofPersonIn(userId: string, { first, before }: SelectorRange, limit: number): Promise<AuditPage> {
    const rows = await this.store.all<AuditRow>(logStatements.ofUser, userId, before, limit + 1, first);
    const events = rows.slice(0, limit).map(toEvent);
    return { events, next: rows.length > limit ? events.at(-1)?.selector : undefined };
  }

  async find(selector: number): Promise<LoggedEvent | undefined> {
    const row = await this.store.one<AuditRow>(logStatements.one, selector);
    return row && toEvent(row);
  }
}

function rangeOf({ from = 0, since = 0, to, before = Number.MAX_SAFE_INTEGER }: AuditSearch): SelectorRange {
  const first = Math.max(from, since);
  return {
    first: first === 0 ? 0 : firstSelectorAt(first * 1000),
    before: to === undefined ? before : Math.min(before, firstSelectorAt(to * 1000)),
  };
}

function toEvent(row: AuditRow): LoggedEvent {
  return {
    selector: Number(row.selector),
    at: Number(row.at),
    type: currentType(row.type),
    actorId: row.actor_id,
    clientId: row.client_id,
    subjectId: row.subject_id,
    address: row.address,
    requestId: row.request_id,
    ...separateChanges(JSON.parse(row.details) as Record<string, unknown>),
  };
}

/** Separates the changed members, which are stored in the details. */
function separateChanges(stored: Readonly<Record<string, unknown>>): Pick<LoggedEvent, 'details' | 'changes'> {
  // Written by AuditService.
  const { changes = {}, ...details } = stored as Record<string, unknown> & { changes?: Changes };
  return { details, changes };
}
