import { Delete, Get, Inject } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { Grant } from '../../../grants/grant.js';
import { GrantsService } from '../../../grants/grants.service.js';
import { RevokeGrants } from '../../../grants/operations/revoke-grants.js';
import { listOrders } from '../../../database/list-order.js';
import { Operations } from '../../../operations/operations.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply, readChoice, readPage } from '../paging.js';
import { notFound } from '../problem.js';
import { inOrder, ofClient, ofUser, readFilter, selectorAfter, selectorOf } from '../grant-lists.js';

@AdminApi('grants')
export class GrantsApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(GrantsService) private readonly grants: GrantsService,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Active grants',
    requiredScope: 'gatehouse:read',
    query: [ofUser, ofClient, inOrder],
    response: 'Grant',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const order = readChoice(call.request, 'order', listOrders);
    const listQuery = { ...readFilter(call), before: selectorAfter(after), order, limit };
    const { grants, more } = await this.grants.list(listQuery, call.now);
    const last = grants.at(-1);
    return pageReply(call.request, grants.map(grantRepresentation), more && last ? [last.selector] : undefined);
  }

  @Delete(':id')
  @ApiEndpoint({
    summary: 'Revokes a grant: its code and tokens end with it',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
  })
  async revoke(@ApiCall() call: Call): Promise<Reply> {
    const selector = selectorOf(call, 'grant');
    const { revoked } = await this.operations.execute(RevokeGrants, call.actor, { selectors: [selector] });
    if (revoked === 0) throw notFound('grant');
    return Reply.empty(204);
  }
}

function grantRepresentation(grant: Grant): object {
  return {
    id: grant.selector,
    client_id: grant.clientId,
    user_id: grant.userId,
    scope: grant.scope.join(' '),
    resources: grant.resources,
    created_at: grant.createdAt,
    last_used_at: grant.lastUsedAt,
    expires_at: grant.expiresAt,
  };
}
