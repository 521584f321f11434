import { Inject, Injectable } from '@nestjs/common';
import { statement, Store } from '@gatehouse/platform/database/store';
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
  /** The last selector of the previous page. */
  readonly before?: number | undefined;
  readonly limit: number;
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
    `SELECT * FROM (SELECT ${columns} FROM audit_events WHERE actor_id = $1 AND selector < $2
       ORDER BY selector DESC LIMIT $3) AS by_actor
     UNION SELECT * FROM (SELECT ${columns} FROM audit_events WHERE subject_id = $1 AND selector < $2
       ORDER BY selector DESC LIMIT $3) AS by_subject
     ORDER BY selector DESC LIMIT $3`,
  ),
  floor: statement(
    'audit_events.floor',
    'SELECT selector FROM audit_events WHERE selector < $1 ORDER BY selector DESC LIMIT 1 OFFSET $2',
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
    const rows = await this.store.all<AuditRow>(logStatements.ofUser, userId, before, limit + 1);
    const events = rows.slice(0, limit).map(toEvent);
    return { events, next: rows.length > limit ? events.at(-1)?.selector : undefined };
  }

  /** A page may have fewer events than the limit and still a next page, because the scan is bounded. */
  async search(query: AuditSearch): Promise<AuditPage> {
    const { before = Number.MAX_SAFE_INTEGER, limit, userId } = query;
    const { types, clientId, address, requestId } = query;
    if (userId !== undefined && [types, clientId, address, requestId].every((each) => each === undefined))
      return this.ofPerson(userId, before, limit);
    const floor = await this.store.one<{ selector: number }>(logStatements.floor, before, maxScanned - 1);
    const select = this.store.reader
      .createQueryBuilder(AuditEventEntity, 'event')
      .where('event.selector < :before', { before })
      .orderBy('event.selector', 'DESC')
      .take(limit + 1);
    if (floor) select.andWhere('event.selector >= :floor', { floor: Number(floor.selector) });
    if (query.types) select.andWhere('event.type IN (:...types)', { types: storedTypes(query.types) });
    if (query.clientId !== undefined) select.andWhere('event.clientId = :clientId', { clientId: query.clientId });
    if (query.address !== undefined) select.andWhere('event.address = :address', { address: query.address });
    if (query.requestId !== undefined) select.andWhere('event.requestId = :requestId', { requestId: query.requestId });
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
    const next = rows.length > limit ? events.at(-1)?.selector : floor && Number(floor.selector);
    return { events, next };
  }

  async find(selector: number): Promise<LoggedEvent | undefined> {
    const row = await this.store.one<AuditRow>(logStatements.one, selector);
    return row && toEvent(row);
  }
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
