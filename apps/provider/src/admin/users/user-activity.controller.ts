import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { AuditLog } from '../../audit/audit-log.service.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { hubModel } from '../../users/user-hub.js';
import { routes } from '../../web/routes.js';
import { EventLines } from '../activity/event-lines.service.js';
import { UserPages } from './user-pages.service.js';

const pageSize = 50;

/** What happened with an account, and what its user did: their part of the audit log, newest first. */
@Controller(routes.userActivity)
export class UserActivityController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(AuditLog) private readonly log: AuditLog,
    @Inject(EventLines) private readonly lines: EventLines,
    @Inject(UserPages) private readonly pages: UserPages,
  ) {}

  @Get(':id')
  async list(@Req() request: WebRequest): Promise<Reply> {
    const { context, user } = await this.pages.open(request);
    const given = query(request).text('before');
    const before = /^\d{1,15}$/.test(given) ? Number(given) : undefined;
    const { events, next } = await this.log.ofPerson(user.id, before, pageSize);
    const address = `${routes.userActivity}/${user.id}`;
    return this.contexts.page(context, 'users/activity', {
      ...hubModel(user, 'activity'),
      days: await this.lines.byDay(events, context.now),
      auditHref: `${routes.audit}?user=${encodeURIComponent(user.id)}`,
      newest: before === undefined ? undefined : address,
      older: next === undefined ? undefined : `${address}?before=${next}`,
    });
  }
}
