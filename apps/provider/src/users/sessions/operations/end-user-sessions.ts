import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { mayEndSessions } from '../../policy.js';
import { UsersService } from '../../users.service.js';

/** Ends all sessions of a user. Offline access of applications continues. */
@Injectable()
export class EndUserSessions extends SimpleOperation<{ readonly userId: string }, { readonly ended: number }> {
  constructor(@Inject(UsersService) private readonly users: UsersService) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { userId }: { readonly userId: string },
  ): Promise<OperationOutcome<{ readonly ended: number }>> {
    requireAllowed(actor, mayEndSessions(actor, userId));
    const { sessions: ended } = await this.users.signOutEverywhere(unit, userId, { offline: false }, actor.now);
    return { result: { ended }, changes: [{ type: 'session.ended', subjectId: userId, details: { ended } }] };
  }
}
