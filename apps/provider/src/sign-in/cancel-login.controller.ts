import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { DeclinedRequests } from '../protocol/authorization/declined-requests.service.js';
import { routes } from '../web/routes.js';
import { text } from '../i18n/message.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { LoginPage } from './login-page.js';
import { clientRequestOf, SignInInteractions } from './sign-in-interactions.service.js';

/** "Cancel" on the sign-in pages: the client receives `access_denied`, whether or not the user is signed in. */
@Controller(routes.cancelLogin)
export class CancelLoginController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(DeclinedRequests) private readonly declined: DeclinedRequests,
    @Inject(LoginPage) private readonly page: LoginPage,
  ) {}

  /** Opened directly, or reloaded. */
  @Get()
  form(): Reply {
    return Reply.redirect(routes.login);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const id = form.get('request') || query(request).get('request');
    if (refusal) return this.page.show(context, id, { status: 403, error: text(refusal.id) });
    const found = await this.interactions.find(context, id);
    const clientRequest = clientRequestOf(found);
    if (clientRequest) return this.declined.decline(context, clientRequest);
    return this.page.show(context, id, found.interaction ? {} : { notice: text('login.late') });
  }
}
