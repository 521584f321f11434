import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import { auditActor, type Actor } from '../../operations/actor.js';
import { notFound, OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type Performed } from '../../operations/operation.js';
import { demand } from '../../operations/policy.js';
import { mayManageResources } from '../../resources/policy.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { ClientsService } from '../clients.service.js';

export interface ResourceCredentials {
  readonly client: Client;
  /** It is shown once. */
  readonly secret: string;
}

/** Gives an API a client of its own, by whose credentials it asks about tokens (RFC 7662 2.1). */
@Injectable()
export class CreateResourceCredentials extends SimpleOperation<{ readonly resourceId: string }, ResourceCredentials> {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {
    super();
  }

  /** @throws OperationError conflict where it has credentials already */
  async perform(
    unit: Unit,
    actor: Actor,
    { resourceId }: { readonly resourceId: string },
  ): Promise<Performed<ResourceCredentials>> {
    demand(actor, mayManageResources(actor));
    const resource = await this.resources.lockAndRead(unit, resourceId);
    if (!resource) throw notFound('API');
    if (resource.clientId !== undefined) throw new OperationError('conflict', 'This API has credentials already.');
    const draft = {
      name: resource.name,
      type: 'confidential',
      authMethod: 'client_secret_basic',
      redirectUris: [],
      postLogoutRedirectUris: [],
      grantTypes: [],
      scope: [],
      resourceServer: true,
    } as const;
    const made = await this.clients.create(unit, draft, auditActor(actor), actor.now);
    if ('problems' in made || made.secret === undefined)
      throw new Error('the credentials of an API are a client like any other');
    const { client, secret } = made;
    await this.resources.bindClient(unit, resourceId, client.id);
    const details = { identifier: resource.identifier };
    return {
      result: { client, secret },
      changes: [{ type: 'resource.credentials', subjectId: resourceId, clientId: client.id, details }],
    };
  }
}
