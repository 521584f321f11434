import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { routes } from '../http/routes.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';

/** Ends the session of this browser, and what follows it. */
export async function endSession(
  services: { readonly store: Store; readonly sessions: SessionsService; readonly audit: AuditService },
  visit: Visit,
  clientId?: string,
): Promise<void> {
  const { session } = visit;
  if (!session) return;
  await services.store.run(async (unit) => {
    await services.sessions.end(unit, session.id, visit.now);
    await services.audit.record(unit, {
      type: 'logout',
      actorId: session.userId,
      clientId,
      subjectId: session.id,
      address: visit.address,
      requestId: visit.requestId,
    });
  });
}

/** Logout by a person: a GET asks first, since any page may link here. */
@Controller(routes.logout)
export class LogoutController {
  constructor(
    @Inject(Store) readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SessionsService) readonly sessions: SessionsService,
    @Inject(AuditService) readonly audit: AuditService,
  ) {}

  @Get()
  async ask(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!visit.session) return this.visits.page(visit, 'logout/done', {});
    return this.visits.page(visit, 'logout/confirm', { action: routes.logout });
  }

  @Post()
  async logout(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    if (refusal)
      return this.visits.page(
        visit,
        'logout/confirm',
        { action: routes.logout, error: refusal.sentence },
        { status: 403 },
      );
    if (form.get('logout') === 'no') return Reply.redirect(routes.home, { cookies: visit.cookies });
    await endSession(this, visit);
    return this.visits.page(
      { ...visit, session: undefined, user: undefined },
      'logout/done',
      {},
      { cookies: [this.visits.noSessionCookie()] },
    );
  }
}
