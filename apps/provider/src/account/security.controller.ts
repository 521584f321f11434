import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { AuditLog, type LoggedEvent } from '../audit/audit-log.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { routes } from '../web/routes.js';
import { hasText, text, type Text } from '../i18n/message.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

const pageSize = 25;

/** The description of an event for the user; undefined for events that are not shown, such as those of administration. */
function eventDescription(type: string): Text | undefined {
  const key = `event.${type}`;
  return hasText(key) ? text(key) : undefined;
}

/** The security log of the user's account. */
@Controller(routes.security)
export class SecurityController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    const text = query(request).text('before');
    const before = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    const { events, next } = await this.log.ofPerson(context.user.id, before, pageSize);
    const own = events.filter((event) => isOwn(event, context));
    const names = await this.clients.names(own.flatMap(({ clientId }) => clientId ?? []));
    return this.contexts.page(context, 'account/security', {
      events: own.map((event) => ({
        at: event.at,
        words: eventDescription(event.type),
        client: event.clientId === null ? undefined : (names.get(event.clientId) ?? event.clientId),
        // The address of an administrator is not disclosed.
        address: event.actorId === null || event.actorId === context.user.id ? event.address : undefined,
        isByAnother: event.actorId !== null && event.actorId !== context.user.id,
      })),
      isFirst: before === undefined,
      next,
    });
  }
}

function isOwn(event: LoggedEvent, { user }: UserRequestContext): boolean {
  if (!eventDescription(event.type)) return false;
  // What the user did as an administrator to other accounts does not belong to their own log.
  const concernsOthers = event.type.startsWith('user.') || event.type === 'factor.reset';
  return !concernsOthers || event.subjectId === user.id;
}
