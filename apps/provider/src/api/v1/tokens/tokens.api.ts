import { Delete, Get, Inject } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { RevokeTokens } from '../../../tokens/operations/revoke-tokens.js';
import { listOrders } from '../../../database/list-order.js';
import { AccessTokensService, type AccessToken } from '../../../tokens/access-tokens.service.js';
import { Operations } from '../../../operations/operations.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply, readChoice, readPage } from '../paging.js';
import { notFound } from '../problem.js';
import { inOrder, ofClient, ofUser, readFilter, selectorAfter, selectorOf } from '../grant-lists.js';

@AdminApi('tokens')
export class TokensApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Active access tokens',
    requiredScope: 'gatehouse:read',
    query: [ofUser, ofClient, inOrder],
    response: 'Token',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const order = readChoice(call.request, 'order', listOrders);
    const listQuery = { ...readFilter(call), before: selectorAfter(after), order, limit };
    const { tokens, more } = await this.tokens.list(listQuery, call.now);
    const last = tokens.at(-1);
    return pageReply(call.request, tokens.map(tokenRepresentation), more && last ? [last.selector] : undefined);
  }

  @Delete(':id')
  @ApiEndpoint({
    summary: 'Revokes an access token; its grant remains',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
  })
  async revoke(@ApiCall() call: Call): Promise<Reply> {
    const selector = selectorOf(call, 'token');
    const { revoked } = await this.operations.execute(RevokeTokens, call.actor, { selectors: [selector] });
    if (revoked === 0) throw notFound('token');
    return Reply.empty(204);
  }
}

function tokenRepresentation(token: AccessToken): object {
  return {
    id: token.selector,
    grant_id: token.grantSelector ?? null,
    client_id: token.clientId,
    user_id: token.userId ?? null,
    scope: token.scope.join(' '),
    audience: token.audience,
    issued_at: token.issuedAt,
    last_used_at: token.lastUsedAt ?? null,
    expires_at: token.expiresAt,
  };
}
