import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text, type Text } from '../i18n/message.js';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { schemesOf } from '../providers/provider.js';
import { SessionsService } from '../session/sessions.service.js';
import { RequestContexts, type RequestContext } from '../session/request-contexts.service.js';
import { LogoutAddress } from './logout-address.service.js';

/** Logout, from this client only or from the provider too (OpenID Connect RP-Initiated Logout 1.0). */
@Controller(routes.logout)
export class LogoutController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LogoutAddress) private readonly address: LogoutAddress,
  ) {}

  @Get()
  async ask(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.open(request));
  }

  @Post()
  async logOut(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.post(request);
    const { form, refusal } = context.posted;
    if (refusal) return this.show(context, text(refusal.id));
    const { session } = context;
    if (!session) return this.pages.redirect(context, routes.home, [this.sessions.removedCookie()]);
    // End the local session first: the browser is logged out whatever the provider does.
    await this.store.run((unit) => this.sessions.end(unit, session));
    const cookies = [this.sessions.removedCookie()];
    if (form.text('where') !== 'provider') return this.pages.redirect(context, routes.home, cookies);
    const address = await this.address.find(session.content, context);
    if (address !== undefined) return this.pages.redirect(context, address, cookies);
    const { providerName, issuer } = session.content;
    const model = { providerName, issuer, username: undefined };
    return this.pages.page(context, 'logout/only-here', model, { status: 502, cookies });
  }

  private show(context: RequestContext, refusal?: Text): Reply {
    const content = context.session?.content;
    if (!content) return this.pages.redirect(context, routes.home);
    const options = { status: refusal === undefined ? 200 : 403, formActionSchemes: schemesOf([content]) };
    return this.pages.page(context, 'logout/ask', { providerName: content.providerName, refusal }, options);
  }
}
