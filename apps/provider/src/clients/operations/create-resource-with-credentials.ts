import { Inject, Injectable } from '@nestjs/common';
import type { Resource, ResourceDraft } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { CreateResource } from '../../resources/operations/create-resource.js';
import { CreateResourceCredentials, type ResourceCredentials } from './create-resource-credentials.js';

export interface ResourceWithCredentials {
  readonly resource: Resource;
  readonly credentials: ResourceCredentials;
}

/** Adds an API and its credentials in one unit of work. */
@Injectable()
export class CreateResourceWithCredentials extends SimpleOperation<ResourceDraft, ResourceWithCredentials> {
  constructor(
    @Inject(CreateResource) private readonly createResource: CreateResource,
    @Inject(CreateResourceCredentials) private readonly createCredentials: CreateResourceCredentials,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, draft: ResourceDraft): Promise<OperationOutcome<ResourceWithCredentials>> {
    const { result: resource, changes } = await this.createResource.perform(unit, actor, draft);
    const created = await this.createCredentials.perform(unit, actor, { resourceId: resource.id });
    return { result: { resource, credentials: created.result }, changes: [...changes, ...created.changes] };
  }
}
