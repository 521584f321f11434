import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import type { Actor } from '../../operations/actor.js';
import { notFound, OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageResources } from '../../resources/policy.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { CreateClient } from './create-client.js';

export interface ResourceCredentials {
  readonly client: Client;
  /** Shown once. */
  readonly secret: string;
}

/** Creates a client for an API, whose credentials the API uses for introspection (RFC 7662 2.1). */
@Injectable()
export class CreateResourceCredentials extends SimpleOperation<{ readonly resourceId: string }, ResourceCredentials> {
  constructor(
    @Inject(CreateClient) private readonly createClient: CreateClient,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {
    super();
  }

  /** @throws OperationError conflict if the API already has credentials */
  async perform(
    unit: Unit,
    actor: Actor,
    { resourceId }: { readonly resourceId: string },
  ): Promise<OperationOutcome<ResourceCredentials>> {
    requireAllowed(actor, mayManageResources(actor));
    const resource = await this.resources.lockAndRead(unit, resourceId);
    if (!resource) throw notFound('API');
    if (resource.clientId !== undefined) throw new OperationError('conflict', 'This API has credentials already.');
    // The server decides the properties of this client, not the actor, who may manage APIs only.
    const server = { kind: 'system', now: actor.now } as const;
    const properties = { name: resource.name, scope: [], resourceServer: true };
    const created = await this.createClient.perform(unit, server, { id: newId(), properties, sector: undefined });
    const { client, secret } = created.result;
    if (secret === undefined) throw new Error('the client of an API has no secret');
    await this.resources.bindClient(unit, resourceId, client.id);
    const details = { identifier: resource.identifier };
    return {
      result: { client, secret },
      changes: [
        ...created.changes,
        { type: 'resource.credentials', subjectId: resourceId, clientId: client.id, details },
      ],
    };
  }
}
