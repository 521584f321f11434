import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditLog, type LoggedEvent } from '../audit/audit-log.service.js';
import type { AuditType } from '../audit/audit.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { routes } from '../http/routes.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';

const pageSize = 25;

/** What of the audit log is told to the person, in their words. What an administrator does with others is not theirs. */
const words: Readonly<Partial<Record<AuditType, string>>> = {
  'login.succeeded': 'Logged in',
  'login.password': 'Gave the password; a second factor was still owed',
  'login.failed': 'A wrong password was tried',
  'factor.added': 'A second factor was added',
  'factor.renamed': 'A passkey was renamed',
  'factor.removed': 'A second factor was removed',
  'factor.used': 'A second factor was given',
  'factor.failed': 'A wrong second factor was tried',
  'factor.codes_made': 'New recovery codes were made',
  'factor.reset': 'An administrator took the second factors away',
  'browser.trusted': 'A browser was trusted',
  'browser.untrusted': 'A browser is no longer trusted',
  logout: 'Logged out',
  'session.ended': 'A session was ended',
  'user.created': 'The account was made',
  'user.updated': 'The account was changed',
  'user.disabled': 'The account was switched off',
  'user.enabled': 'The account was switched on again',
  'user.link_made': 'A link to set the password was made',
  'user.email_confirmed': 'The e-mail address was confirmed',
  'user.password_set': 'The password was set by a link',
  'user.password_changed': 'The password was changed',
  'consent.recorded': 'An application was allowed something',
  'consent.denied': 'An application was refused',
  'consent.withdrawn': 'An application’s permission was taken back',
  'grant.created': 'Logged in to an application',
  'grant.revoked': 'An application’s access was ended',
};

/** The security log of one's own account. */
@Controller(routes.security)
export class SecurityController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    const text = query(request).text('before');
    const before = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    const { events, next } = await this.log.ofPerson(visit.user.id, before, pageSize);
    const own = events.filter((event) => isOwn(event, visit));
    const names = await this.clients.names(own.flatMap(({ clientId }) => clientId ?? []));
    return this.visits.page(visit, 'account/security', {
      events: own.map((event) => ({
        at: event.at,
        words: words[event.type as AuditType],
        client: event.clientId === null ? undefined : (names.get(event.clientId) ?? event.clientId),
        // Where an administrator sits is not told to others.
        address: event.actorId === null || event.actorId === visit.user.id ? event.address : undefined,
        isByAnother: event.actorId !== null && event.actorId !== visit.user.id,
      })),
      isFirst: before === undefined,
      next,
    });
  }
}

function isOwn(event: LoggedEvent, { user }: UserVisit): boolean {
  if (words[event.type as AuditType] === undefined) return false;
  // What they did as an administrator to somebody else's account is not of their own.
  const ofAnother = event.type.startsWith('user.') || event.type === 'factor.reset';
  return !ofAnother || event.subjectId === user.id;
}
