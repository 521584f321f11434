import { Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import type { Resource, ResourceDraft } from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/platform/http/reply';
import { CreateResourceCredentials } from '../../../clients/operations/create-resource-credentials.js';
import { routes } from '../../../web/routes.js';
import { Operations } from '../../../operations/operations.js';
import { CreateResource } from '../../../resources/operations/create-resource.js';
import { DeleteResource } from '../../../resources/operations/delete-resource.js';
import { UpdateResource } from '../../../resources/operations/update-resource.js';
import { resourceRepresentation } from '../../../resources/resource-representation.js';
import { ResourcesService } from '../../../resources/resources.service.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf, readPatchOf } from '../bodies.js';
import type { Call } from '../call.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import { ApiEndpoint } from '../operation.js';
import { expectedRevision, replyWithETag } from '../preconditions.js';
import { pageReply, readPage } from '../paging.js';
import { notFound } from '../problem.js';
import type { Bodies } from '../shapes.js';

/** All APIs are read at once, because they are few; pages are slices of one list. */
@AdminApi('resources')
export class ResourcesApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'APIs, in the order of their names',
    requiredScope: 'gatehouse:read',
    response: 'Resource',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['string']);
    const all = await this.resources.all();
    const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after[0]) + 1;
    const page = all.slice(start, start + limit);
    const last = page.at(-1);
    const next = last && start + limit < all.length ? [last.id] : undefined;
    return pageReply(call.request, page.map(resourceRepresentation), next);
  }

  @Post()
  @ApiEndpoint({
    summary: 'Adds an API',
    requiredScope: 'gatehouse:admin',
    body: 'Resource',
    response: 'Resource',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Resource');
    return this.creations.execute({ call, bytes }, CreateResource, draftOf(value), (resource) => ({
      body: resourceRepresentation(resource),
      location: `${routes.adminApi}/resources/${resource.id}`,
    }));
  }

  @Get(':id')
  @ApiEndpoint({ summary: 'One API', requiredScope: 'gatehouse:read', response: 'Resource' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const record = await this.find(call);
    return replyWithETag(resourceRepresentation(record), record);
  }

  @Patch(':id')
  @ApiEndpoint({
    summary: 'Changes an API',
    requiredScope: 'gatehouse:admin',
    signIn: 'by resource',
    changes: true,
    body: 'ResourcePatch',
    response: 'Resource',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const before = await this.find(call);
    const { value } = await readPatchOf(call.request, resourceRepresentation(before), 'Resource');
    const saved = await this.operations.execute(UpdateResource, call.actor, {
      id: before.id,
      draft: draftOf(value),
      revision: expectedRevision(call.request, before),
    });
    return replyWithETag(resourceRepresentation(saved), saved);
  }

  @Delete(':id')
  @ApiEndpoint({ summary: 'Deletes an API: no more tokens are issued for it', requiredScope: 'gatehouse:admin' })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    await this.operations.execute(DeleteResource, call.actor, { id: call.request.params['id'] ?? '' });
    return Reply.empty(204);
  }

  @Post(':id/credentials')
  @ApiEndpoint({
    summary: 'Creates the credentials that the API uses for introspection',
    requiredScope: 'gatehouse:admin',
    response: 'ClientSecret',
    creates: true,
  })
  async makeCredentials(@ApiCall() call: Call): Promise<Reply> {
    const input = { resourceId: call.request.params['id'] ?? '' };
    return this.creations.execute(
      { call, bytes: Buffer.alloc(0) },
      CreateResourceCredentials,
      input,
      ({ client, secret }) => ({ body: { client_id: client.id, client_secret: secret } }),
    );
  }

  private async find(call: Call): Promise<Resource> {
    const id = call.request.params['id'] ?? '';
    const resource = id.length <= 200 ? await this.resources.findFresh(id) : undefined;
    if (!resource) throw notFound('API');
    return resource;
  }
}

function draftOf(value: Bodies['Resource']): ResourceDraft {
  return {
    identifier: value.identifier,
    name: value.name,
    scopes: value.scopes.map(({ name, sentence = '' }) => ({ name, sentence })),
    tokenFormat: value.token_format,
    signingAlgorithm: value.signing_alg,
    accessTokenLifetimeSeconds: value.access_token_lifetime ?? undefined,
    access: value.allow,
  };
}
