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
  /** It is shown once. */
  readonly secret: string;
}

/** Gives an API a client of its own, by whose credentials it asks about tokens (RFC 7662 2.1). */
@Injectable()
export class CreateResourceCredentials extends SimpleOperation<{ readonly resourceId: string }, ResourceCredentials> {
  constructor(
    @Inject(CreateClient) private readonly createClient: CreateClient,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {
    super();
  }

  /** @throws OperationError conflict where it has credentials already */
  async perform(
    unit: Unit,
    actor: Actor,
    { resourceId }: { readonly resourceId: string },
  ): Promise<OperationOutcome<ResourceCredentials>> {
    requireAllowed(actor, mayManageResources(actor));
    const resource = await this.resources.lockAndRead(unit, resourceId);
    if (!resource) throw notFound('API');
    if (resource.clientId !== undefined) throw new OperationError('conflict', 'This API has credentials already.');
    // What it may do is decided by this server, and by nobody who may manage APIs.
    const server = { kind: 'system', now: actor.now } as const;
    const properties = { name: resource.name, scope: [], resourceServer: true };
    const made = await this.createClient.perform(unit, server, { id: newId(), properties, sector: undefined });
    const { client, secret } = made.result;
    if (secret === undefined) throw new Error('the credentials of an API have a secret');
    await this.resources.bindClient(unit, resourceId, client.id);
    const details = { identifier: resource.identifier };
    return {
      result: { client, secret },
      changes: [...made.changes, { type: 'resource.credentials', subjectId: resourceId, clientId: client.id, details }],
    };
  }
}
