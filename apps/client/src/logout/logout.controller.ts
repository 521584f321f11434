import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { schemesOf } from '../providers/provider.js';
import { SessionsService } from '../session/sessions.service.js';
import { Visits, type Visit } from '../session/visits.service.js';
import { LogoutAddress } from './logout-address.service.js';

/** Logging out, here alone or at the provider too (OpenID Connect RP-Initiated Logout 1.0). */
@Controller(routes.logout)
export class LogoutController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LogoutAddress) private readonly address: LogoutAddress,
  ) {}

  @Get()
  async ask(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.open(request));
  }

  @Post()
  async logOut(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.post(request);
    const { form, refusal } = visit.posted;
    if (refusal) return this.show(visit, refusal.sentence);
    const { session } = visit;
    if (!session) return this.pages.redirect(visit, routes.home, [this.sessions.removedCookie()]);
    // The session here ends first: whatever the provider does, this browser is logged out.
    await this.store.run((unit) => this.sessions.end(unit, session));
    const gone = [this.sessions.removedCookie()];
    if (form.text('where') !== 'provider') return this.pages.redirect(visit, routes.home, gone);
    const address = await this.address.find(session.content, visit);
    if (address !== undefined) return this.pages.redirect(visit, address, gone);
    const { providerName, issuer } = session.content;
    const model = { providerName, issuer, username: undefined };
    return this.pages.page(visit, 'logout/only-here', model, { status: 502, cookies: gone });
  }

  private show(visit: Visit, refusal?: string): Reply {
    const content = visit.session?.content;
    if (!content) return this.pages.redirect(visit, routes.home);
    const options = { status: refusal === undefined ? 200 : 403, formActionSchemes: schemesOf([content]) };
    return this.pages.page(visit, 'logout/ask', { providerName: content.providerName, refusal }, options);
  }
}
