import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { messagesModel } from '../web/message-model.js';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { RequestContexts } from '../session/request-contexts.service.js';

/** The messages of the current login, for learning how it works. */
@Controller()
export class MessagesController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Pages) private readonly pages: Pages,
  ) {}

  @Get(routes.messages)
  async show(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (!context.session)
      return this.pages.redirect(context, `${routes.login}?next=${encodeURIComponent(routes.messages)}`);
    const { messages, providerName } = context.session.content;
    return this.pages.page(context, 'flow/messages', { messages: messagesModel(messages), providerName });
  }
}
