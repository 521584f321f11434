import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import { text } from '../i18n/text.js';
import { Visits } from '../users/sessions/visits.service.js';
import { LoginPage } from './login-page.js';
import { PendingLogins } from './pending.service.js';

/** "Dismiss", beside an offer to continue with a sign-in that began in this browser. Its client gets no answer. */
@Controller(routes.dismissLogin)
export class DismissLoginController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(LoginPage) private readonly page: LoginPage,
  ) {}

  /** Opened by hand, or reloaded. */
  @Get()
  form(): Reply {
    return Reply.redirect(routes.login);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    if (refusal) return this.page.show(visit, undefined, { status: 403, error: text(refusal.id) });
    await this.pending.dismiss(visit);
    return Reply.redirect(visit.user ? routes.home : routes.login, { cookies: visit.cookies });
  }
}
