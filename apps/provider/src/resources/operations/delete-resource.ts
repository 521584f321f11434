import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageResources } from '../policy.js';
import { ResourcesService } from '../resources.service.js';

/** Deletes an API: no more tokens are issued for it. */
@Injectable()
export class DeleteResource extends SimpleOperation<{ readonly id: string }, void> {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { id }: { readonly id: string }): Promise<OperationOutcome<void>> {
    requireAllowed(actor, mayManageResources(actor));
    const resource = await this.resources.lockAndRead(unit, id);
    if (!resource) throw notFound('API');
    await this.resources.remove(unit, id);
    const details = { identifier: resource.identifier };
    return { result: undefined, changes: [{ type: 'resource.deleted', subjectId: id, details }] };
  }
}
