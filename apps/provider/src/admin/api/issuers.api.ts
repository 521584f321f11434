import { Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import type { TrustedIssuer, TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { ClientsService } from '../../clients/clients.service.js';
import { routes } from '../../http/routes.js';
import { issuerRepresentation } from '../../issuers/issuer-representation.js';
import { TrustedIssuers } from '../../issuers/trusted-issuers.service.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { AdminApi, ApiCall } from './admin-api.js';
import { readBodyOf, readPatchOf } from './bodies.js';
import type { Call } from './call.js';
import { Creations } from './creations.service.js';
import { Operation } from './operation.js';
import { changing, tagged } from './preconditions.js';
import { pageReply } from './paging.js';
import { invalidMembers, notFound } from './problem.js';
import type { Bodies } from './shapes.js';

@AdminApi('issuers')
export class IssuersApi {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(Creations) private readonly creations: Creations,
  ) {}

  @Get()
  @Operation({
    summary: 'Servers whose assertions get access tokens here (RFC 7523)',
    needs: 'gatehouse:read',
    answers: 'Issuer',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    return pageReply(call.request, (await this.issuers.all()).map(issuerRepresentation), undefined);
  }

  @Post()
  @Operation({ summary: 'Adds an issuer', needs: 'gatehouse:admin', body: 'Issuer', answers: 'Issuer', creates: true })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Issuer');
    await this.checkNamed(value);
    return this.creations.run(call, bytes, async (unit) => {
      const made = await this.issuers.create(unit, draftOf(value), call.auditActor, call.now);
      if ('problems' in made) throw invalidMembers(made.problems);
      return { body: issuerRepresentation(made.trusted), location: `${routes.adminApi}/issuers/${made.trusted.id}` };
    });
  }

  @Get(':id')
  @Operation({ summary: 'One issuer', needs: 'gatehouse:read', answers: 'Issuer' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const record = await this.find(call);
    return tagged(issuerRepresentation(record), record);
  }

  @Patch(':id')
  @Operation({
    summary: 'Changes an issuer',
    needs: 'gatehouse:admin',
    changes: true,
    body: 'IssuerPatch',
    answers: 'Issuer',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const before = await this.find(call);
    const { value } = await readPatchOf(call.request, issuerRepresentation(before), 'Issuer');
    await this.checkNamed(value);
    const saved = await changing(call.request, before, (seen) =>
      this.store.run((unit) => this.issuers.update(unit, before.id, draftOf(value), call.auditActor, call.now, seen)),
    );
    if (saved === undefined) throw notFound('issuer');
    if ('problems' in saved) throw invalidMembers(saved.problems);
    return tagged(issuerRepresentation(saved.trusted), saved.trusted);
  }

  @Delete(':id')
  @Operation({ summary: 'Deletes an issuer: its assertions are taken no more', needs: 'gatehouse:admin' })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    const { id } = await this.find(call);
    await this.store.run((unit) => this.issuers.remove(unit, id, call.auditActor));
    return Reply.empty(204);
  }

  private async checkNamed({ clients, resources = [] }: Bodies['Issuer']): Promise<void> {
    for (const [index, id] of clients.entries())
      if (!(await this.clients.find(id)))
        throw invalidMembers([{ field: `clients.${index}`, message: 'There is no client of this id.' }]);
    for (const [index, identifier] of resources.entries())
      if (!(await this.resources.find(identifier)))
        throw invalidMembers([{ field: `resources.${index}`, message: 'There is no API of this identifier.' }]);
  }

  private async find(call: Call): Promise<TrustedIssuer> {
    const id = call.request.params['id'] ?? '';
    const trusted = id.length <= 200 ? await this.issuers.findFresh(id) : undefined;
    if (!trusted) throw notFound('issuer');
    return trusted;
  }
}

function draftOf(value: Bodies['Issuer']): TrustedIssuerDraft {
  return {
    issuer: value.issuer,
    name: value.name,
    jwksUri: value.jwks_uri ?? undefined,
    jwks: value.jwks ?? undefined,
    subject: value.subject,
    clients: value.clients,
    scope: value.scope.split(' '),
    resources: value.resources,
  };
}
