import { Delete, Get, Inject, Patch, Post, Put } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/platform/http/reply';
import { ApplicationRoles } from '../../../clients/application-roles.service.js';
import { clientRepresentation } from '../../../clients/client-representation.js';
import { clientCursorShape, clientSortOrders, clientStates } from '../../../clients/client-sort-orders.js';
import type { ClientDecision } from '../../../clients/client-states.service.js';
import { CreateClient } from '../../../clients/operations/create-client.js';
import { DeleteClient } from '../../../clients/operations/delete-client.js';
import { RotateClientSecret } from '../../../clients/operations/rotate-client-secret.js';
import { SetApplicationRoles } from '../../../clients/operations/set-application-roles.js';
import { SetClientState } from '../../../clients/operations/set-client-state.js';
import { UpdateClient } from '../../../clients/operations/update-client.js';
import { Operations } from '../../../operations/operations.js';
import { ClientsService } from '../../../clients/clients.service.js';
import { SETTINGS } from '../../../config/settings.token.js';
import type { Settings } from '../../../config/settings.js';
import { routes } from '../../../web/routes.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf, readPatchOf } from '../bodies.js';
import type { Call } from '../call.js';
import { clientInput, inMembers } from './client-properties.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import { ApiEndpoint } from '../operation.js';
import { expectedRevision, replyWithETag } from '../preconditions.js';
import { pageReply, readChoice, readPage, readText } from '../paging.js';
import { notFound } from '../problem.js';

@AdminApi('clients')
export class ClientsApi {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Clients, by default in the order of their names',
    requiredScope: 'gatehouse:read',
    query: [
      { name: 'q', description: 'A part of the name, or the client_id.' },
      { name: 'state', description: 'new: not approved yet.', oneOf: clientStates },
      { name: 'owner_id', description: 'Only of this developer.' },
      { name: 'order', description: 'newest: last added first.', oneOf: clientSortOrders },
    ],
    response: 'Client',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const order = readChoice(call.request, 'order', clientSortOrders);
    const { limit, after } = readPage(call.request, clientCursorShape(order ?? 'name'));
    const { clients, next } = await this.clients.list({
      search: readText(call.request, 'q'),
      state: readChoice(call.request, 'state', clientStates),
      ownerId: readText(call.request, 'owner_id'),
      order,
      after,
      limit,
    });
    return pageReply(call.request, clients.map(clientRepresentation), next);
  }

  @Post()
  @ApiEndpoint({
    summary: 'Adds a client',
    requiredScope: 'gatehouse:admin',
    body: 'Client',
    response: 'ClientWithSecret',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Client');
    const input = { properties: clientInput(value) };
    return this.withMemberNames(() =>
      this.creations.execute({ call, bytes }, CreateClient, input, ({ client, secret }) => ({
        body: withSecret(client, secret),
        location: `${routes.adminApi}/clients/${encodeURIComponent(client.id)}`,
      })),
    );
  }

  @Get(':id')
  @ApiEndpoint({ summary: 'One client', requiredScope: 'gatehouse:read', response: 'Client' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const client = await this.find(call);
    return replyWithETag(clientRepresentation(client), client);
  }

  @Patch(':id')
  @ApiEndpoint({
    summary: 'Changes a client',
    description: 'If the client now needs a secret, the response has it.',
    requiredScope: 'gatehouse:admin',
    signIn: 'by client',
    changes: true,
    body: 'ClientPatch',
    response: 'ClientWithSecret',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const before = await this.find(call);
    const { value, patch } = await readPatchOf(call.request, clientRepresentation(before), 'Client');
    const input = {
      id: before.id,
      properties: clientInput(value, patch),
      revision: expectedRevision(call.request, before),
    };
    const { client, secret } = await this.withMemberNames(() =>
      this.operations.execute(UpdateClient, call.actor, input),
    );
    return replyWithETag(withSecret(client, secret), client);
  }

  @Delete(':id')
  @ApiEndpoint({ summary: 'Deletes a client; its grants and tokens end', requiredScope: 'gatehouse:admin' })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    await this.operations.execute(DeleteClient, call.actor, { id: idOf(call) });
    return Reply.empty(204);
  }

  @Get(':id/application-roles')
  @ApiEndpoint({
    summary: 'Users with roles of this application',
    requiredScope: 'gatehouse:read',
    response: 'ApplicationMember',
    pages: true,
  })
  async members(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['string']);
    const { id } = await this.find(call);
    const start = after === undefined ? undefined : String(after[0]);
    const { members, next } = await this.roles.members(id, { after: start, limit });
    const items = members.map(({ userId, roles }) => ({ user_id: userId, roles }));
    return pageReply(call.request, items, next === undefined ? undefined : [next]);
  }

  @Put(':id/application-roles/:user')
  @ApiEndpoint({
    summary: 'Sets a user’s roles in the application',
    requiredScope: 'gatehouse:admin',
    body: 'ApplicationRoles',
    response: 'ApplicationMember',
  })
  async setRoles(@ApiCall() call: Call): Promise<Reply> {
    const { value } = await readBodyOf(call.request, 'ApplicationRoles');
    const userId = call.request.params['user'] ?? '';
    const input = { clientId: idOf(call), userId, roles: value.roles };
    return Reply.json({
      user_id: userId,
      roles: await this.operations.execute(SetApplicationRoles, call.actor, input),
    });
  }

  @Post(':id/rotate-secret')
  @ApiEndpoint({
    summary: 'Creates a new secret; the old one remains valid for a while',
    requiredScope: 'gatehouse:admin',
    body: 'Rotation',
    response: 'ClientSecret',
  })
  async rotateSecret(@ApiCall() call: Call): Promise<Reply> {
    const { value } = await readBodyOf(call.request, 'Rotation');
    const id = idOf(call);
    const overlapSeconds = value.overlap_seconds ?? this.settings.secretOverlapLifetimeSeconds;
    const secret = await this.operations.execute(RotateClientSecret, call.actor, { id, overlapSeconds });
    return Reply.json({ client_id: id, client_secret: secret });
  }

  @Post(':id/approve')
  @ApiEndpoint({
    summary: 'Approves a dynamically registered client',
    description: 'Its registrant can change it at any time: send the ETag of the state that you reviewed.',
    requiredScope: 'gatehouse:admin',
    changes: true,
    response: 'Client',
  })
  async approve(@ApiCall() call: Call): Promise<Reply> {
    const before = await this.find(call);
    const revision = expectedRevision(call.request, before);
    await this.operations.execute(SetClientState, call.actor, { id: before.id, decision: 'approve', revision });
    return this.show(call);
  }

  @Post(':id/restrict')
  @ApiEndpoint({
    summary: 'Restricts a client until an administrator approves it; its grants end',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
    response: 'Client',
  })
  async restrict(@ApiCall() call: Call): Promise<Reply> {
    return this.decide(call, 'restrict');
  }

  @Post(':id/unrestrict')
  @ApiEndpoint({ summary: 'Lifts the restriction of a client', requiredScope: 'gatehouse:admin', response: 'Client' })
  async unrestrict(@ApiCall() call: Call): Promise<Reply> {
    return this.decide(call, 'unrestrict');
  }

  @Post(':id/disable')
  @ApiEndpoint({
    summary: 'Disables a client; its grants end',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
    response: 'Client',
  })
  async disable(@ApiCall() call: Call): Promise<Reply> {
    return this.decide(call, 'disable');
  }

  @Post(':id/enable')
  @ApiEndpoint({ summary: 'Enables a client', requiredScope: 'gatehouse:admin', response: 'Client' })
  async enable(@ApiCall() call: Call): Promise<Reply> {
    return this.decide(call, 'enable');
  }

  /** Idempotent. */
  private async decide(call: Call, decision: ClientDecision): Promise<Reply> {
    await this.operations.execute(SetClientState, call.actor, { id: idOf(call), decision });
    return this.show(call);
  }

  /** Maps problems of an operation to members of the body. */
  private async withMemberNames<T>(execute: () => Promise<T>): Promise<T> {
    try {
      return await execute();
    } catch (error) {
      throw inMembers(error);
    }
  }

  private async find(call: Call): Promise<Client> {
    const client = await this.clients.findFresh(idOf(call));
    if (!client) throw notFound('client');
    return client;
  }
}

function idOf(call: Call): string {
  return call.request.params['id'] ?? '';
}

function withSecret(client: Client, secret: string | undefined): Record<string, unknown> {
  return { ...clientRepresentation(client), ...(secret === undefined ? {} : { client_secret: secret }) };
}
