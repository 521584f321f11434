import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingUserId, type Actor } from '../../../operations/actor.js';
import { SimpleOperation, type Change, type Performed } from '../../../operations/operation.js';
import { demand } from '../../../operations/policy.js';
import { SessionsService } from '../sessions.service.js';
import { mayEndSessions } from '../../policy.js';

/** Ends sessions by their ids, each with the grants that depend on it. Sessions that are over already are left out. */
@Injectable()
export class EndSessions extends SimpleOperation<{ readonly ids: readonly string[] }, { readonly ended: number }> {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { ids }: { readonly ids: readonly string[] },
  ): Promise<Performed<{ readonly ended: number }>> {
    const changes: Change[] = [];
    for (const id of ids) {
      const userId = await this.sessions.ownerOfOpen(unit, id);
      // One that is over may have been anybody's: nothing is ended, and nobody learns whose it was.
      demand(actor, mayEndSessions(actor, userId ?? actingUserId(actor)));
      if (userId === undefined) continue;
      if ((await this.sessions.end(unit, id, actor.now)) !== undefined)
        changes.push({ type: 'session.ended', subjectId: id });
    }
    return { result: { ended: changes.length }, changes };
  }
}
