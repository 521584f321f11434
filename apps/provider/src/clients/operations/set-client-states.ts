import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../operations/operation.js';
import type { ClientDecision } from '../client-states.service.js';
import { SetClientState } from './set-client-state.js';

export interface ClientStatesInput {
  readonly decision: ClientDecision;
  readonly clients: readonly { readonly id: string; readonly revision: string }[];
}

/** Sets the state of several clients. Skips clients that were changed since they were reviewed, or deleted. */
@Injectable()
export class SetClientStates extends SimpleOperation<ClientStatesInput, { readonly outdated: number }> {
  constructor(@Inject(SetClientState) private readonly setState: SetClientState) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { decision, clients }: ClientStatesInput,
  ): Promise<OperationOutcome<{ readonly outdated: number }>> {
    const changes: Change[] = [];
    let outdated = 0;
    // In a fixed order, so that two of these operations do not deadlock.
    for (const { id, revision } of [...clients].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      try {
        changes.push(...(await this.setState.perform(unit, actor, { id, decision, revision })).changes);
      } catch (error) {
        if (!(error instanceof OperationError) || !['not_found', 'changed'].includes(error.code)) throw error;
        if (error.code === 'changed') outdated += 1;
      }
    }
    return { result: { outdated }, changes };
  }
}
