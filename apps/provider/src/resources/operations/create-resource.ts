import { Inject, Injectable } from '@nestjs/common';
import type { Resource, ResourceDraft } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { invalidInput } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageResources } from '../policy.js';
import { ResourcesService } from '../resources.service.js';

/** Adds an API. */
@Injectable()
export class CreateResource extends SimpleOperation<ResourceDraft, Resource> {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {
    super();
  }

  async perform(unit: Unit, actor: Actor, draft: ResourceDraft): Promise<OperationOutcome<Resource>> {
    requireAllowed(actor, mayManageResources(actor));
    const created = await this.resources.create(unit, draft, actor.now);
    if ('problems' in created) throw invalidInput(created.problems);
    const { id: subjectId, identifier } = created.resource;
    return { result: created.resource, changes: [{ type: 'resource.created', subjectId, details: { identifier } }] };
  }
}
