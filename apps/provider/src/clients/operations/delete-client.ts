import { Inject, Injectable } from '@nestjs/common';
import { removalProblem } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { notFound, OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { ClientsService } from '../clients.service.js';
import { mayManageClientAfterSignIn } from '../policy.js';

/** Deletes a client, and revokes its grants and tokens. */
@Injectable()
export class DeleteClient extends SimpleOperation<{ readonly id: string }, void> {
  constructor(@Inject(ClientsService) private readonly clients: ClientsService) {
    super();
  }

  /** @throws OperationError conflict for a client that cannot be deleted in its current state (`removalProblem`) */
  async perform(unit: Unit, actor: Actor, { id }: { readonly id: string }): Promise<OperationOutcome<void>> {
    const client = await this.clients.lock(unit, id);
    if (!client) throw notFound('client');
    requireAllowed(actor, mayManageClientAfterSignIn(actor, client));
    const problem = removalProblem(client);
    if (problem !== undefined) throw new OperationError('conflict', problem);
    await this.clients.remove(unit, id, actor.now);
    return { result: undefined, changes: [{ type: 'client.deleted', clientId: id, details: { name: client.name } }] };
  }
}
