import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { Reply, type SetCookie } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { schemesOf } from '../providers/provider.js';
import { ProvidersService } from '../providers/providers.service.js';
import { TokensService } from '../providers/tokens.service.js';
import type { ClientSession } from '../session/client-session.js';
import { LogoutStates, type ConfirmedLogout } from '../session/logout-states.service.js';
import { Visits, type PostedVisit, type Visit } from '../session/visits.service.js';
import { homeModel } from './home-model.js';

interface Shown {
  /** Why a form was not taken. */
  readonly refusal?: string | undefined;
  readonly loggedOut?: ConfirmedLogout | undefined;
  readonly cookies?: readonly SetCookie[] | undefined;
}

/** The home page, and what its buttons do. */
@Controller()
export class HomeController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(TokensService) private readonly tokens: TokensService,
    @Inject(LogoutStates) private readonly logoutStates: LogoutStates,
  ) {}

  @Get(routes.home)
  async home(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const state = query(request).get('state');
    if (state !== undefined) return this.returned(visit, state);
    const kept = this.logoutStates.kept(request);
    if (kept === undefined) return this.show(visit);
    const loggedOut = this.logoutStates.read(kept, visit.guard.browser.hash, visit.now);
    return this.show(visit, { loggedOut, cookies: [this.logoutStates.removedCookie()] });
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
    await this.store.checkDurable();
    return Reply.json({ status: 'ok' });
  }

  /** This is also the post-logout redirect URI. A state that is wrong confirms nothing: what follows is the plain page. */
  private returned(visit: Visit, state: string): Reply {
    const isOurs = this.logoutStates.read(state, visit.guard.browser.hash, visit.now) !== undefined;
    return this.pages.redirect(visit, routes.home, isOurs ? [this.logoutStates.cookieFor(state)] : []);
  }

  private async act(visit: PostedVisit, work: (visit: Visit, session: ClientSession) => Promise<void>): Promise<Reply> {
    const { refusal } = visit.posted;
    if (refusal) return this.show(visit, { refusal: refusal.sentence });
    if (visit.session) await work(visit, visit.session);
    return this.pages.redirect(visit, routes.home);
  }

  private async show(visit: Visit, { refusal, loggedOut, cookies = [] }: Shown = {}): Promise<Reply> {
    const { session } = visit;
    const providers = (await this.providers.list()).map(({ id, name, issuer }) => ({ id, name, issuer }));
    const options = {
      status: refusal === undefined ? 200 : 403,
      cookies,
      formActionSchemes: schemesOf(session ? [session.content, ...providers] : providers),
    };
    const logged = session ? homeModel(session, visit.now) : {};
    const model = { providers, refusal, loggedOut, ...logged, next: routes.home };
    return this.pages.page(visit, 'home/home', model, options);
  }
}
