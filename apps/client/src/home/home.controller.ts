import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { Pages } from '../http/pages.service.js';
import { routes } from '../http/routes.js';
import { schemesOf } from '../providers/provider.js';
import { ProvidersService } from '../providers/providers.service.js';
import type { ClientSession } from '../session/client-session.js';
import { Visits, type PostedVisit, type Visit } from '../session/visits.service.js';
import { homeModel } from './home-model.js';
import { TokensService } from './tokens.service.js';

/** The home page, and what its buttons do. */
@Controller()
export class HomeController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(TokensService) private readonly tokens: TokensService,
  ) {}

  @Get(routes.home)
  async home(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.open(request));
  }

  @Post(routes.callApi)
  async callApi(@Req() request: WebRequest): Promise<Reply> {
    return this.act(await this.visits.post(request), (visit, session) => this.tokens.callApi(visit, session));
  }

  @Post(routes.refresh)
  async refresh(@Req() request: WebRequest): Promise<Reply> {
    return this.act(await this.visits.post(request), (visit, session) => this.tokens.refresh(visit, session));
  }

  /** For whoever watches the process. */
  @Get(routes.health)
  async health(): Promise<Reply> {
    await this.store.checkWritable();
    return Reply.json({ status: 'ok' });
  }

  private async act(visit: PostedVisit, work: (visit: Visit, session: ClientSession) => Promise<void>): Promise<Reply> {
    const { refusal } = visit.posted;
    if (refusal) return this.show(visit, refusal.sentence);
    if (visit.session) await work(visit, visit.session);
    return this.pages.redirect(visit, routes.home);
  }

  private async show(visit: Visit, refusal?: string): Promise<Reply> {
    const { session } = visit;
    const providers = (await this.providers.list()).map(({ id, name, issuer }) => ({ id, name, issuer }));
    const options = {
      status: refusal === undefined ? 200 : 403,
      formActionSchemes: schemesOf(session ? [session.content, ...providers] : providers),
    };
    const logged = session ? homeModel(session, visit.now) : {};
    return this.pages.page(visit, 'home/home', { providers, refusal, ...logged, next: routes.home }, options);
  }
}
