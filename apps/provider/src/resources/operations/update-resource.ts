import { Inject, Injectable } from '@nestjs/common';
import type { Resource, ResourceDraft } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { revisionOf } from '../../web/revision.js';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, invalidInput, notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayUpdateResource } from '../policy.js';
import { resourceRepresentation } from '../resource-representation.js';
import { ResourcesService } from '../resources.service.js';

export interface UpdateResourceInput {
  readonly id: string;
  readonly draft: ResourceDraft;
  /** The revision of the API that the change is based on; by default it is not checked. */
  readonly revision?: string | undefined;
}

/** Changes an API. */
@Injectable()
export class UpdateResource extends SimpleOperation<UpdateResourceInput, Resource> {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {
    super();
  }

  async perform(unit: Unit, actor: Actor, input: UpdateResourceInput): Promise<OperationOutcome<Resource>> {
    const { id, draft, revision } = input;
    const before = await this.resources.lockAndRead(unit, id);
    if (!before) throw notFound('API');
    requireAllowed(actor, mayUpdateResource(actor, before, draft));
    if (revision !== undefined && revision !== revisionOf(before)) throw recordChanged();
    const saved = await this.resources.update(unit, before, draft, actor.now);
    if ('problems' in saved) throw invalidInput(saved.problems);
    const change = {
      type: 'resource.updated',
      subjectId: id,
      details: { identifier: saved.resource.identifier },
      before: resourceRepresentation(before),
      after: resourceRepresentation(saved.resource),
    } as const;
    return { result: saved.resource, changes: [change] };
  }
}
