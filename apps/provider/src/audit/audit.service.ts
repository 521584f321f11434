import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { statement, type Outcome, type Unit } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import type { Changes } from './changed-members.js';

/** The types of events: a closed list, so that searches know them. */
export const auditTypes = [
  'login.succeeded',
  /** The password was correct; a second factor is still required. */
  'login.password',
  'login.failed',
  /** The first attempt over a limit of failed sign-ins; later ones within the window are not recorded. */
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
  /** Its creator is no longer an administrator, the creator's account was reset, or the rights of the client ended that created it. */
  'user.link_withdrawn',
  'user.email_confirmed',
  'user.invited',
  'user.invitation_withdrawn',
  'user.password_set',
  'user.password_changed',
  /** The current password, entered on the account page, was wrong. */
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
  /** The identity of an unapproved client changed: users' consents to it are deleted. */
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
  /** A signed-in user got 403; a bounded number per account, see DeniedAccess. */
  'access.denied',
  'audit.exported',
  /** Through the API, page by page: recorded once an hour per user. */
  'audit.read',
  'message.retried',
  'mail.tested',
  'settings.updated',
] as const;
export type AuditType = (typeof auditTypes)[number];

export interface AuditEvent {
  readonly type: AuditType;
  /**
   * The user who acted; absent for a visitor or a client, and for the command line, where {@link PROCESS_ACTOR} is used.
   * Null: the server itself, also where it runs within a command.
   */
  readonly actorId?: string | null | undefined;
  readonly clientId?: string | undefined;
  /** The client whose access token was used; stored in the details. */
  readonly viaClientId?: string | undefined;
  /** The user, session, grant … that it concerns. */
  readonly subjectId?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** Small; never contains a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Members of the record that changed, with their values before and after; stored in the details as `changes`. */
  readonly changes?: Changes | undefined;
}

/** Who acted, from where, and through which client. */
export type Actor = Pick<AuditEvent, 'actorId' | 'address' | 'requestId' | 'viaClientId'>;

/**
 * The actor of events that name none: `cli:NAME` in a command, where NAME is the operating-system user; null in a server.
 * User ids are UUIDs, so the two cannot be confused.
 */
export const PROCESS_ACTOR = Symbol('PROCESS_ACTOR');

const append = statement(
  'audit_events.append',
  `INSERT INTO audit_events (selector, at, type, actor_id, client_id, subject_id, address, request_id, details)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** The append-only audit log. Each event is written in the unit of work of the change that it records. */
@Injectable()
export class AuditService {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(PROCESS_ACTOR) private readonly processActor: string | null,
  ) {}

  /** The row is written with the unit of work; there is nothing to await. */
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
      // JSON omits undefined members.
      JSON.stringify({ ...event.details, changes: event.changes, via_client: event.viaClientId }),
    );
  }
}
