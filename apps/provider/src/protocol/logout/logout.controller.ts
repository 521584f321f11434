import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../../web/routes.js';
import { text } from '../../i18n/text.js';
import { Visits } from '../../users/sessions/visits.service.js';
import { donePage } from './done-page.js';
import { Logouts } from './logouts.service.js';

/** Logout by a person: a GET asks first, since any page may link here. */
@Controller(routes.logout)
export class LogoutController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Logouts) private readonly logouts: Logouts,
  ) {}

  @Get()
  async ask(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!visit.session) return donePage(this.visits, visit, { wasLoggedIn: false });
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
        { action: routes.logout, error: text(refusal.id) },
        { status: 403 },
      );
    if (form.get('logout') === 'no') return Reply.redirect(routes.home, { cookies: visit.cookies });
    const frames = await this.logouts.end(visit);
    return donePage(this.visits, visit, { wasLoggedIn: visit.session !== undefined, frames });
  }
}
