import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { notFound } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { Invitations } from '../invitations.service.js';
import { mayWithdrawInvitations } from '../../policy.js';

/** Withdraws an invitation: its link no longer works. */
@Injectable()
export class WithdrawInvitation extends SimpleOperation<{ readonly selector: number }, void> {
  constructor(@Inject(Invitations) private readonly invitations: Invitations) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { selector }: { readonly selector: number },
  ): Promise<OperationOutcome<void>> {
    requireAllowed(actor, mayWithdrawInvitations(actor));
    const email = await this.invitations.withdraw(unit, selector);
    if (email === undefined) throw notFound('invitation');
    return { result: undefined, changes: [{ type: 'user.invitation_withdrawn', details: { email } }] };
  }
}
