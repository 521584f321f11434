import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { Visits } from '../session/visits.service.js';

/** What was sent and received in this login, for those who want to learn how it works. */
@Controller()
export class MessagesController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(Pages) private readonly pages: Pages,
  ) {}

  @Get(routes.messages)
  async show(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    if (!visit.session)
      return this.pages.redirect(visit, `${routes.login}?next=${encodeURIComponent(routes.messages)}`);
    const { messages, providerName } = visit.session.content;
    return this.pages.page(visit, 'flow/messages', { messages, providerName });
  }
}
