import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import type { Grant } from './grant.js';
import { GrantsService } from './grants.service.js';
import { RevokeAllGrants } from './operations/revoke-all-grants.js';
import { RevokeGrants } from './operations/revoke-grants.js';
import { GrantListPages, type GrantListKind } from './grant-list-pages.service.js';

/** The page of active grants: administrators see all, developers those of their own clients. */
@Controller(routes.grants)
export class GrantsController {
  private readonly kind: GrantListKind<Grant>;

  constructor(
    @Inject(GrantListPages) private readonly pages: GrantListPages,
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

function kindOf(grants: GrantsService): GrantListKind<Grant> {
  return {
    path: routes.grants,
    view: 'grants/list',
    name: 'grants',
    notices: {
      revoked: 'grants.revoked',
      'chosen-revoked': 'grants.chosenRevoked',
      none: 'grants.noneChosen',
      'all-revoked': 'grants.allRevoked',
    },
    async list(query, now) {
      const { grants: items, more } = await grants.list(query, now);
      return { items, more };
    },
    columns: ({ createdAt, lastUsedAt, expiresAt }) => ({ createdAt, lastUsedAt, expiresAt }),
    revoke: RevokeGrants,
    revokeAll: RevokeAllGrants,
  };
}
