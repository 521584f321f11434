import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingUserId, type Actor } from '../../operations/actor.js';
import { notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { ConsentsService } from '../consents.service.js';

/** Withdraws the actor's consent to an application, and revokes its grants. */
@Injectable()
export class WithdrawConsent extends SimpleOperation<{ readonly clientId: string }, void> {
  constructor(@Inject(ConsentsService) private readonly consents: ConsentsService) {
    super();
  }

  /** @throws OperationError not_found if the actor is not a user */
  async perform(
    unit: Unit,
    actor: Actor,
    { clientId }: { readonly clientId: string },
  ): Promise<OperationOutcome<void>> {
    const userId = actingUserId(actor);
    if (userId === undefined) throw notFound('user');
    const withdrawn = await this.consents.withdraw(unit, userId, clientId, actor.now);
    return {
      result: undefined,
      changes: withdrawn ? [{ type: 'consent.withdrawn', clientId, subjectId: userId }] : [],
    };
  }
}
