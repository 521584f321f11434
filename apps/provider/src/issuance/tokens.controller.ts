import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { GrantsService } from '../grants/grants.service.js';
import { LivePages, type LiveKind } from '../grants/live-pages.service.js';
import { routes } from '../http/routes.js';
import { AccessTokensService, type AccessToken } from './access-tokens.service.js';

/** The page of live access tokens: administrators see all, developers those of their own clients. Never a token's value. */
@Controller(routes.tokens)
export class TokensController {
  private readonly kind: LiveKind<AccessToken>;

  constructor(
    @Inject(LivePages) private readonly pages: LivePages,
    @Inject(AccessTokensService) tokens: AccessTokensService,
    @Inject(GrantsService) grants: GrantsService,
  ) {
    this.kind = kindOf(tokens, grants);
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

function kindOf(tokens: AccessTokensService, grants: GrantsService): LiveKind<AccessToken> {
  return {
    path: routes.tokens,
    view: 'issuance/tokens',
    name: 'tokens',
    event: 'token.revoked',
    notices: {
      revoked: 'The token was revoked.',
      'chosen-revoked': 'The chosen tokens were revoked.',
      none: 'Nothing was chosen.',
      'all-revoked': 'These tokens were revoked, and the grants that could have renewed them.',
    },
    async list(query, now) {
      const { tokens: items, more } = await tokens.list(query, now);
      return { items, more };
    },
    find: (selector, now) => tokens.findBySelector(selector, now),
    columns: ({ issuedAt, lastUsedAt, expiresAt }) => ({ issuedAt, lastUsedAt, expiresAt }),
    async revoke(unit, { selector }, now) {
      return (await tokens.revokeBySelector(unit, selector, now)) ? {} : undefined;
    },
    /** The grants go too: a refresh token would bring a new access token at once. */
    async revokeAll(unit, { user, client }, now) {
      if (user && client) await grants.revokeOfUserAndClient(unit, user.id, client.id, now);
      else if (user) await grants.revokeOfUser(unit, user.id, now);
      else if (client) {
        await grants.revokeOfClient(unit, client.id, now);
        await tokens.revokeOfClient(unit, client.id, now);
      }
      return { all: true };
    },
  };
}
