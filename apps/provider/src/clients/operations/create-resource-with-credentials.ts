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

/** Adds an API together with its client: both or neither. */
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
    const made = await this.createCredentials.perform(unit, actor, { resourceId: resource.id });
    return { result: { resource, credentials: made.result }, changes: [...changes, ...made.changes] };
  }
}
