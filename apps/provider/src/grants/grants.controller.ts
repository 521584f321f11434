import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { routes } from '../http/routes.js';
import type { Grant } from './grant.js';
import { GrantsService } from './grants.service.js';
import { LivePages, type LiveKind } from './live-pages.service.js';

/** The page of live grants: administrators see all, developers those of their own clients. */
@Controller(routes.grants)
export class GrantsController {
  private readonly kind: LiveKind<Grant>;

  constructor(
    @Inject(LivePages) private readonly pages: LivePages,
    @Inject(GrantsService) grants: GrantsService,
  ) {
    this.kind = kindOf(grants);
  }

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.pages.list(request, this.kind);
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    return this.pages.act(request, this.kind);
  }
}

function kindOf(grants: GrantsService): LiveKind<Grant> {
  return {
    path: routes.grants,
    view: 'grants/list',
    name: 'grants',
    event: 'grant.revoked',
    notices: {
      revoked: 'The grant was revoked; its code and tokens ended with it.',
      'chosen-revoked': 'The chosen grants were revoked; their codes and tokens ended with them.',
      none: 'Nothing was chosen.',
      'all-revoked': 'These grants were revoked; their tokens ended with them.',
    },
    async list(query, now) {
      const { grants: items, more } = await grants.list(query, now);
      return { items, more };
    },
    find: (selector, now) => grants.findLive(selector, now),
    columns: ({ createdAt, lastUsedAt, expiresAt }) => ({ createdAt, lastUsedAt, expiresAt }),
    async revoke(unit, { selector }, now) {
      return (await grants.revoke(unit, selector, now)) ? { grant: selector } : undefined;
    },
    async revokeAll(unit, { user, client }, now) {
      if (user && client) return { revoked: await grants.revokeOfUserAndClient(unit, user.id, client.id, now) };
      if (user) return { revoked: await grants.revokeOfUser(unit, user.id, now) };
      return { revoked: client ? await grants.revokeOfClient(unit, client.id, now) : 0 };
    },
  };
}
