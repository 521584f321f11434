import { Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import type { TrustedIssuer, TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/platform/http/reply';
import { routes } from '../../../web/routes.js';
import { issuerRepresentation } from '../../../trusted-issuers/issuer-representation.js';
import { CreateIssuer } from '../../../trusted-issuers/operations/create-issuer.js';
import { DeleteIssuer } from '../../../trusted-issuers/operations/delete-issuer.js';
import { UpdateIssuer } from '../../../trusted-issuers/operations/update-issuer.js';
import { Operations } from '../../../operations/operations.js';
import { TrustedIssuers } from '../../../trusted-issuers/trusted-issuers.service.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf, readPatchOf } from '../bodies.js';
import type { Call } from '../call.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import { ApiEndpoint } from '../operation.js';
import { expectedRevision, replyWithETag } from '../preconditions.js';
import { pageReply } from '../paging.js';
import { notFound } from '../problem.js';
import type { Bodies } from '../shapes.js';

@AdminApi('issuers')
export class IssuersApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Trusted issuers, whose assertions can be exchanged for access tokens (RFC 7523)',
    requiredScope: 'gatehouse:read',
    response: 'Issuer',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    return pageReply(call.request, (await this.issuers.all()).map(issuerRepresentation), undefined);
  }

  @Post()
  @ApiEndpoint({
    summary: 'Adds an issuer',
    requiredScope: 'gatehouse:admin',
    body: 'Issuer',
    response: 'Issuer',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Issuer');
    return this.creations.execute({ call, bytes }, CreateIssuer, draftOf(value), (trusted) => ({
      body: issuerRepresentation(trusted),
      location: `${routes.adminApi}/issuers/${trusted.id}`,
    }));
  }

  @Get(':id')
  @ApiEndpoint({ summary: 'One issuer', requiredScope: 'gatehouse:read', response: 'Issuer' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const record = await this.find(call);
    return replyWithETag(issuerRepresentation(record), record);
  }

  @Patch(':id')
  @ApiEndpoint({
    summary: 'Changes an issuer',
    requiredScope: 'gatehouse:admin',
    changes: true,
    body: 'IssuerPatch',
    response: 'Issuer',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const before = await this.find(call);
    const { value } = await readPatchOf(call.request, issuerRepresentation(before), 'Issuer');
    const saved = await this.operations.execute(UpdateIssuer, call.actor, {
      id: before.id,
      draft: draftOf(value),
      revision: expectedRevision(call.request, before),
    });
    return replyWithETag(issuerRepresentation(saved), saved);
  }

  @Delete(':id')
  @ApiEndpoint({
    summary: 'Deletes an issuer: its assertions are no longer accepted',
    requiredScope: 'gatehouse:admin',
  })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    await this.operations.execute(DeleteIssuer, call.actor, { id: call.request.params['id'] ?? '' });
    return Reply.empty(204);
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
