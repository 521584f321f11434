import { Delete, Get, Inject, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { CreateInitialAccessToken } from '../../../clients/registration/operations/create-initial-access-token.js';
import { DeleteInitialAccessToken } from '../../../clients/registration/operations/delete-initial-access-token.js';
import { InitialAccessTokens } from '../../../clients/registration/initial-access-tokens.service.js';
import { Operations } from '../../../operations/operations.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf } from '../bodies.js';
import type { Call } from '../call.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply } from '../paging.js';

@AdminApi('registration-tokens')
export class RegistrationTokensApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Initial access tokens for dynamic client registration',
    requiredScope: 'gatehouse:read',
    response: 'RegistrationToken',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const tokens = await this.tokens.list();
    const items = tokens.map((token) => ({
      id: token.id,
      name: token.name,
      uses: token.uses,
      max_uses: token.maxUses ?? null,
      approves: token.approves,
      created_at: token.createdAt,
      expires_at: token.expiresAt ?? null,
      last_used_at: token.lastUsedAt ?? null,
    }));
    return pageReply(call.request, items, undefined);
  }

  @Post()
  @ApiEndpoint({
    summary: 'Creates an initial access token (RFC 7591 3)',
    requiredScope: 'gatehouse:admin',
    body: 'RegistrationToken',
    response: 'NewRegistrationToken',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'RegistrationToken');
    const input = {
      name: value.name,
      maxUses: value.max_uses,
      lifetimeSeconds: value.lifetime_seconds,
      approves: value.approves,
    };
    return this.creations.execute({ call, bytes }, CreateInitialAccessToken, input, ({ id, token, expiresAt }) => ({
      body: { id, token, expires_at: expiresAt ?? null },
    }));
  }

  @Delete(':id')
  @ApiEndpoint({
    summary: 'Deletes an initial access token; clients registered with it remain',
    requiredScope: 'gatehouse:admin',
  })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    const id = call.request.params['id'] ?? '';
    await this.operations.execute(DeleteInitialAccessToken, call.actor, { id: id.slice(0, 200) });
    return Reply.empty(204);
  }
}
