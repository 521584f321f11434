import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../../web/routes.js';
import { text } from '../../i18n/message.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { donePage } from './done-page.js';
import { Logouts } from './logouts.service.js';

/** Logout by the user: a GET asks for confirmation, since any page may link here. */
@Controller(routes.logout)
export class LogoutController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Logouts) private readonly logouts: Logouts,
  ) {}

  @Get()
  async ask(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (!context.session) return donePage(this.contexts, context, { wasLoggedIn: false });
    return this.contexts.page(context, 'logout/confirm', { action: routes.logout });
  }

  @Post()
  async logout(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    if (refusal)
      return this.contexts.page(
        context,
        'logout/confirm',
        { action: routes.logout, error: text(refusal.id) },
        { status: 403 },
      );
    if (form.get('logout') === 'no') return Reply.redirect(routes.home, { cookies: context.cookies });
    const frames = await this.logouts.end(context);
    return donePage(this.contexts, context, { wasLoggedIn: context.session !== undefined, frames });
  }
}
