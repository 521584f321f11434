import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { ClientsService } from '../clients/clients.service.js';
import { ConsentsService } from '../consents/consents.service.js';
import { routes } from '../web/routes.js';
import { Visits } from '../users/sessions/visits.service.js';
import { PendingLogins } from './pending.service.js';

/** `/` and the welcome page with a person's own data. */
@Controller()
export class HomeController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  @Get(routes.root)
  async root(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    return Reply.redirect(visit.user ? routes.home : routes.login, { cookies: visit.cookies });
  }

  @Get(routes.home)
  async home(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    const { user } = visit;
    const consents = await this.consents.listOf(user.id);
    const names = await this.clients.names(consents.map((consent) => consent.clientId));
    const waiting = await this.pending.offered(visit);
    return this.visits.page(visit, 'home/home', {
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
      continueHref: waiting?.href,
      continueName: waiting?.clientName,
    });
  }
}
