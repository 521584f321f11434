import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { Reply, type SetCookie } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text, type Text } from '../i18n/message.js';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { schemesOf } from '../providers/provider.js';
import { ProvidersService } from '../providers/providers.service.js';
import { TokensService } from '../providers/tokens.service.js';
import type { ClientSession } from '../session/client-session.js';
import { LogoutStates, type ConfirmedLogout } from '../session/logout-states.service.js';
import {
  RequestContexts,
  type PostedRequestContext,
  type RequestContext,
} from '../session/request-contexts.service.js';
import { homeModel } from './home-model.js';

interface HomePageOptions {
  /** Why a form was rejected. */
  readonly refusal?: Text | undefined;
  readonly loggedOut?: ConfirmedLogout | undefined;
  readonly cookies?: readonly SetCookie[] | undefined;
}

/** The home page and its actions. */
@Controller()
export class HomeController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(TokensService) private readonly tokens: TokensService,
    @Inject(LogoutStates) private readonly logoutStates: LogoutStates,
  ) {}

  @Get(routes.home)
  async home(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const state = query(request).get('state');
    if (state !== undefined) return this.handleLogoutReturn(context, state);
    const stateCookie = this.logoutStates.kept(request);
    if (stateCookie === undefined) return this.show(context);
    const loggedOut = this.logoutStates.read(stateCookie, context.guard.browser.hash, context.now);
    return this.show(context, { loggedOut, cookies: [this.logoutStates.removedCookie()] });
  }

  @Post(routes.callApi)
  async callApi(@Req() request: WebRequest): Promise<Reply> {
    return this.runAction(await this.contexts.post(request), (context, session) =>
      this.tokens.callApi(context, session),
    );
  }

  @Post(routes.refresh)
  async refresh(@Req() request: WebRequest): Promise<Reply> {
    return this.runAction(await this.contexts.post(request), (context, session) =>
      this.tokens.refresh(context, session),
    );
  }

  /** For health checks. */
  @Get(routes.health)
  async health(): Promise<Reply> {
    await this.store.checkWritable();
    await this.store.checkDurable();
    return Reply.json({ status: 'ok' });
  }

  /** Handles the post-logout redirect. With an invalid state the plain page is shown. */
  private handleLogoutReturn(context: RequestContext, state: string): Reply {
    const isValid = this.logoutStates.read(state, context.guard.browser.hash, context.now) !== undefined;
    return this.pages.redirect(context, routes.home, isValid ? [this.logoutStates.cookieFor(state)] : []);
  }

  private async runAction(
    context: PostedRequestContext,
    work: (context: RequestContext, session: ClientSession) => Promise<void>,
  ): Promise<Reply> {
    const { refusal } = context.posted;
    if (refusal) return this.show(context, { refusal: text(refusal.id) });
    if (context.session) await work(context, context.session);
    return this.pages.redirect(context, routes.home);
  }

  private async show(
    context: RequestContext,
    { refusal, loggedOut, cookies = [] }: HomePageOptions = {},
  ): Promise<Reply> {
    const { session } = context;
    const providers = (await this.providers.list()).map(({ id, name, issuer }) => ({ id, name, issuer }));
    const options = {
      status: refusal === undefined ? 200 : 403,
      cookies,
      formActionSchemes: schemesOf(session ? [session.content, ...providers] : providers),
    };
    if (session) return this.pages.page(context, 'home/home', { refusal, ...homeModel(session, context.now) }, options);
    return this.pages.page(context, 'home/signed-out', { refusal, signedOut: loggedOut, providers }, options);
  }
}
