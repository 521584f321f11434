import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingUserId, type Actor } from '../../../operations/actor.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { SessionsService } from '../sessions.service.js';
import { mayEndSessions } from '../../policy.js';

/** Ends sessions by id, each with the grants that depend on it. Skips sessions that have ended already. */
@Injectable()
export class EndSessions extends SimpleOperation<{ readonly ids: readonly string[] }, { readonly ended: number }> {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { ids }: { readonly ids: readonly string[] },
  ): Promise<OperationOutcome<{ readonly ended: number }>> {
    const changes: Change[] = [];
    for (const id of ids) {
      const userId = await this.sessions.ownerOfOpen(unit, id);
      // For a session that has ended, the owner is not disclosed, and nothing is changed.
      requireAllowed(actor, mayEndSessions(actor, userId ?? actingUserId(actor)));
      if (userId === undefined) continue;
      if ((await this.sessions.end(unit, id, actor.now)) !== undefined)
        changes.push({ type: 'session.ended', subjectId: id });
    }
    return { result: { ended: changes.length }, changes };
  }
}
