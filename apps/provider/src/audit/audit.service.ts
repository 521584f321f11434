import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { statement, type Outcome, type Unit } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import type { Changes } from './changed-members.js';

/** What can be told of; a closed list, so that whoever searches the log knows its words. */
export const auditTypes = [
  'login.succeeded',
  /** A password was right and a second factor is still owed. */
  'login.password',
  'login.failed',
  /** The first attempt past a limit of failed sign-ins; later ones within the window are not recorded. */
  'login.throttled',
  'factor.added',
  'factor.renamed',
  'factor.removed',
  'factor.used',
  'factor.failed',
  'factor.recovery_codes_created',
  'factor.reset',
  'browser.trusted',
  'browser.untrusted',
  'role.updated',
  'logout',
  'session.ended',
  'user.created',
  'user.updated',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'user.password_link_created',
  /** Whoever made it is no administrator any more. */
  'user.link_withdrawn',
  'user.email_confirmed',
  'user.invited',
  'user.invitation_withdrawn',
  'user.password_set',
  'user.password_changed',
  /** The current password, asked for at the account page, was wrong. */
  'user.password_wrong',
  'client.created',
  'client.registered',
  'client.approved',
  'client.disabled',
  'client.enabled',
  'client.restricted',
  'client.unrestricted',
  'client.expired',
  'client.updated',
  /** A client without approval became another one: what people allowed it has ended. */
  'client.identity_changed',
  'client.deleted',
  'client.secret_rotated',
  'application.roles_updated',
  'initial_access_token.created',
  'initial_access_token.deleted',
  'resource.created',
  'resource.updated',
  'resource.credentials',
  'resource.deleted',
  'trusted_issuer.created',
  'trusted_issuer.updated',
  'trusted_issuer.deleted',
  'consent.recorded',
  'consent.denied',
  'consent.withdrawn',
  'grant.created',
  'grant.revoked',
  'code.replayed',
  'token.exchanged',
  'token.replayed',
  'token.revoked',
  'key.created',
  /** A signed-in person was refused with 403; a bounded number for each account, see RefusedAccess. */
  'access.denied',
  'audit.exported',
  /** By the API, page by page: once an hour for each person. */
  'audit.read',
  'message.retried',
] as const;
export type AuditType = (typeof auditTypes)[number];

export interface AuditEvent {
  readonly type: AuditType;
  /**
   * The user who acted; absent for a stranger or a client, and at the command line, where {@link PROCESS_ACTOR} stands in.
   * Null: the server itself, also where it runs within a command.
   */
  readonly actorId?: string | null | undefined;
  readonly clientId?: string | undefined;
  /** The client by whose access token it was done; stands in the details. */
  readonly viaClientId?: string | undefined;
  /** The user, session, grant … on whom or which it was done. */
  readonly subjectId?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** Small, and never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Members of the record that changed, with their values before and after; stands in the details as `changes`. */
  readonly changes?: Changes | undefined;
}

/** Who does something, from where, and by which client. */
export type Actor = Pick<AuditEvent, 'actorId' | 'address' | 'requestId' | 'viaClientId'>;

/**
 * The actor of events that name none: `cli:NAME` in a process of the command line, where NAME is the operating-system user;
 * null in a server. A user's id is a UUID, so that neither is mistaken for the other.
 */
export const PROCESS_ACTOR = Symbol('PROCESS_ACTOR');

const append = statement(
  'audit_events.append',
  `INSERT INTO audit_events (selector, at, type, actor_id, client_id, subject_id, address, request_id, details)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** The append-only record of who did what, on whom, from where. Rows ride in the unit of what they tell of. */
@Injectable()
export class AuditService {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(PROCESS_ACTOR) private readonly processActor: string | null,
  ) {}

  /** Nobody waits for the row: it is there when the unit is. */
  record(unit: Unit, event: AuditEvent): Outcome<void> {
    unit.write(
      append,
      this.selectors.next(),
      this.clock.now(),
      event.type,
      event.actorId === undefined ? this.processActor : event.actorId,
      event.clientId ?? null,
      event.subjectId ?? null,
      event.address ?? null,
      event.requestId ?? null,
      // JSON leaves out what is undefined.
      JSON.stringify({ ...event.details, changes: event.changes, via_client: event.viaClientId }),
    );
  }
}
