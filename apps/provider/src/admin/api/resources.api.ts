import { Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import { needsRecentSignIn, type Resource, type ResourceDraft } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { ResourceCredentials } from '../../clients/resource-credentials.service.js';
import type { FieldProblem } from '../../http/form-problems.js';
import { routes } from '../../http/routes.js';
import { resourceRepresentation } from '../../resources/resource-representation.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { AdminApi, ApiCall } from './admin-api.js';
import { readBodyOf, readPatchOf } from './bodies.js';
import type { Call } from './call.js';
import { Creations } from './creations.service.js';
import { Operation } from './operation.js';
import { changing, tagged } from './preconditions.js';
import { pageReply, readPage } from './paging.js';
import { ApiProblem, invalidMembers, notFound, snakeCase } from './problem.js';
import type { Bodies } from './shapes.js';

const ownNames: Readonly<Record<string, string>> = {
  signingAlgorithm: 'signing_alg',
  accessTokenLifetimeSeconds: 'access_token_lifetime',
  access: 'allow',
};

/** APIs: all of them are few enough to be read at once, so that their pages are cut from one list. */
@AdminApi('resources')
export class ResourcesApi {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(ResourceCredentials) private readonly credentials: ResourceCredentials,
    @Inject(Creations) private readonly creations: Creations,
  ) {}

  @Get()
  @Operation({ summary: 'APIs in the order of their names', needs: 'gatehouse:read', answers: 'Resource', pages: true })
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
  @Operation({
    summary: 'Adds an API',
    needs: 'gatehouse:admin',
    body: 'Resource',
    answers: 'Resource',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Resource');
    return this.creations.run(call, bytes, async (unit) => {
      const made = await this.resources.create(unit, draftOf(value), call.auditActor, call.now);
      if ('problems' in made) throw invalid(made.problems);
      return {
        body: resourceRepresentation(made.resource),
        location: `${routes.adminApi}/resources/${made.resource.id}`,
      };
    });
  }

  @Get(':id')
  @Operation({ summary: 'One API', needs: 'gatehouse:read', answers: 'Resource' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const record = await this.find(call);
    return tagged(resourceRepresentation(record), record);
  }

  @Patch(':id')
  @Operation({
    summary: 'Changes an API',
    needs: 'gatehouse:admin',
    signIn: 'by resource',
    changes: true,
    body: 'ResourcePatch',
    answers: 'Resource',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const before = await this.find(call);
    const { value } = await readPatchOf(call.request, resourceRepresentation(before), 'Resource');
    const draft = draftOf(value);
    if (needsRecentSignIn(draft, before)) await call.requireRecentSignIn();
    const saved = await changing(call.request, before, (seen) =>
      this.store.run((unit) => this.resources.update(unit, before.id, draft, call.auditActor, call.now, seen)),
    );
    if (saved === undefined) throw notFound('API');
    if ('problems' in saved) throw invalid(saved.problems);
    return tagged(resourceRepresentation(saved.resource), saved.resource);
  }

  @Delete(':id')
  @Operation({ summary: 'Deletes an API: no more tokens are given for it', needs: 'gatehouse:admin' })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    const { id } = await this.find(call);
    await this.store.run((unit) => this.resources.remove(unit, id, call.auditActor));
    return Reply.empty(204);
  }

  @Post(':id/credentials')
  @Operation({
    summary: 'Makes the credentials by which the API asks about tokens',
    needs: 'gatehouse:admin',
    answers: 'ClientSecret',
    creates: true,
  })
  async makeCredentials(@ApiCall() call: Call): Promise<Reply> {
    const resource = await this.find(call);
    if (resource.clientId !== undefined) throw new ApiProblem('conflict', 'This API has credentials already.');
    return this.creations.run(call, Buffer.alloc(0), async (unit) => {
      const made = await this.credentials.create(unit, resource, call.auditActor, call.now);
      if (!made) throw notFound('API');
      return { body: { client_id: made.client.id, client_secret: made.secret } };
    });
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

function invalid(problems: readonly FieldProblem[]): ApiProblem {
  return invalidMembers(problems, (member) => ownNames[member] ?? snakeCase(member));
}
