import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { GrantListPages, type GrantListKind } from '../grants/grant-list-pages.service.js';
import { routes } from '../web/routes.js';
import { RevokeAllTokens } from './operations/revoke-all-tokens.js';
import { RevokeTokens } from './operations/revoke-tokens.js';
import { AccessTokensService, type AccessToken } from './access-tokens.service.js';

/**
 * The page of active access tokens, without their values: administrators see all, developers those of their own
 * clients.
 */
@Controller(routes.tokens)
export class TokensController {
  private readonly kind: GrantListKind<AccessToken>;

  constructor(
    @Inject(GrantListPages) private readonly pages: GrantListPages,
    @Inject(AccessTokensService) tokens: AccessTokensService,
  ) {
    this.kind = kindOf(tokens);
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

function kindOf(tokens: AccessTokensService): GrantListKind<AccessToken> {
  return {
    path: routes.tokens,
    view: 'tokens/tokens',
    name: 'tokens',
    notices: {
      revoked: 'tokens.revoked',
      'chosen-revoked': 'tokens.chosenRevoked',
      none: 'tokens.noneChosen',
      'all-revoked': 'tokens.allRevoked',
    },
    async list(query, now) {
      const { tokens: items, more } = await tokens.list(query, now);
      return { items, more };
    },
    columns: ({ issuedAt, lastUsedAt, expiresAt }) => ({ issuedAt, lastUsedAt, expiresAt }),
    revoke: RevokeTokens,
    revokeAll: RevokeAllTokens,
  };
}
