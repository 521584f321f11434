import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { notFound, OperationError } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireUser } from '../../../operations/policy.js';
import { text } from '../../../i18n/message.js';
import { mayChangeOwnCredentials } from '../../policy.js';
import { SecurityNotices } from '../../security-notices.service.js';
import { UsersService } from '../../users.service.js';
import { Factors } from '../factors.service.js';
import { RecoveryCodes } from '../recovery-codes.service.js';

/** Replaces the actor's recovery codes by new ones, which are shown once. */
@Injectable()
export class MakeRecoveryCodes extends SimpleOperation<Readonly<Record<string, never>>, readonly string[]> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {
    super();
  }

  /** @throws OperationError not_found, recent_sign_in; conflict if the user has no second factor */
  async perform(unit: Unit, actor: Actor): Promise<OperationOutcome<readonly string[]>> {
    const { userId, now } = requireUser(actor, mayChangeOwnCredentials);
    if (!(await this.users.lock(unit, userId))) throw notFound('user');
    if (!(await this.factors.hasAnyIn(unit, userId)))
      throw new OperationError('conflict', text('factors.codesNeedOne'));
    await this.notices.notify(unit, userId, 'codes made', now);
    const codes = await this.codes.make(unit, userId, now);
    return { result: codes, changes: [{ type: 'factor.recovery_codes_created', subjectId: userId }] };
  }
}
