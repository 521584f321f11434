import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { ClientsService } from '../clients/clients.service.js';
import { ConsentsService } from '../consents/consents.service.js';
import { routes } from '../web/routes.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { SignInInteractions } from './sign-in-interactions.service.js';

/** `/`, and the home page with the user's own data. */
@Controller()
export class HomeController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  @Get(routes.root)
  async root(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    return Reply.redirect(context.user ? routes.home : routes.login, { cookies: context.cookies });
  }

  @Get(routes.home)
  async home(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    const { user } = context;
    const consents = await this.consents.listOf(user.id);
    const names = await this.clients.names(consents.map((consent) => consent.clientId));
    const offered = await this.interactions.offered(context);
    return this.contexts.page(context, 'home/home', {
      user: {
        id: user.id,
        username: user.username,
        name: user.name,
        email: user.email,
        roles: user.roles,
        lastLoginAt: user.lastLoginAt,
        createdAt: user.createdAt,
      },
      applications: consents.map((consent) => ({
        name: names.get(consent.clientId) ?? consent.clientId,
        scopes: consent.scope,
        since: consent.createdAt,
      })),
      continueHref: offered?.href,
      continueName: offered?.clientName,
    });
  }
}
