import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { routes } from '../../web/routes.js';
import { ConsoleSearch, maxSearchCharacters } from './search.service.js';

/** The search of the console. The Ctrl-K dialog reads its results from this page, too. */
@Controller(routes.search)
export class SearchController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(ConsoleSearch) private readonly search: ConsoleSearch,
  ) {}

  @Get()
  async show(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin', 'auditor', 'developer');
    const typed = query(request).text('q').slice(0, maxSearchCharacters);
    const groups = await this.search.find(context.user, typed);
    return this.contexts.page(context, 'search/search', { typed, searched: typed.trim() !== '', groups });
  }
}
