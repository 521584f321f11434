import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import { text } from '../i18n/message.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { LoginPage } from './login-page.js';
import { SignInInteractions } from './sign-in-interactions.service.js';

/** "Dismiss", next to an offer to continue a sign-in that was started in this browser. The client receives no response. */
@Controller(routes.dismissLogin)
export class DismissLoginController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(LoginPage) private readonly page: LoginPage,
  ) {}

  /** Opened directly, or reloaded. */
  @Get()
  form(): Reply {
    return Reply.redirect(routes.login);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    if (refusal) return this.page.show(context, undefined, { status: 403, error: text(refusal.id) });
    await this.interactions.dismiss(context);
    return Reply.redirect(context.user ? routes.home : routes.login, { cookies: context.cookies });
  }
}
