import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { notFound } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { mayManageUsers } from '../../policy.js';
import { SecurityNotices } from '../../security-notices.service.js';
import type { User } from '../../user.js';
import { UsersService } from '../../users.service.js';
import { Factors } from '../factors.service.js';

/**
 * Removes all second factors of an account, because the user lost them or somebody else may have them. Ends sessions and
 * grants, because the lost device may hold tokens. If a role requires a second factor, the next sign-in adds one.
 */
@Injectable()
export class ResetSecondFactors extends SimpleOperation<{ readonly userId: string }, User> {
  constructor(
    @Inject(Factors) private readonly factors: Factors,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { userId }: { readonly userId: string }): Promise<OperationOutcome<User>> {
    requireAllowed(actor, mayManageUsers(actor));
    const user = await this.users.lockAndRead(unit, userId);
    if (!user) throw notFound('user');
    await this.factors.removeAllOf(unit, userId);
    await this.users.signOutEverywhere(unit, userId, { offline: true }, actor.now);
    await this.notices.notify(unit, userId, 'factors reset', actor.now);
    return { result: user, changes: [{ type: 'factor.reset', subjectId: userId }] };
  }
}
