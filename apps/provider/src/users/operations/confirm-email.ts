import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { linkUsed } from '../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../operations/operation.js';
import { requireVisitor } from '../../operations/policy.js';
import { EmailChanges, type EmailChange } from '../email-changes.service.js';
import { userRepresentation } from '../user-representation.js';
import { UsersService } from '../users.service.js';

/** Changes an account's address with the link that was sent to the new one. The link alone authorizes the change. */
@Injectable()
export class ConfirmEmail implements Operation<{ readonly token: string }, EmailChange, EmailChange> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(EmailChanges) private readonly changes: EmailChanges,
  ) {}

  /** @throws OperationError forbidden; link_spent, also for a link that never existed */
  async prepare(actor: Actor, { token }: { readonly token: string }): Promise<EmailChange> {
    const change = await this.changes.open(token, requireVisitor(actor).now);
    if (!change) throw linkUsed();
    return change;
  }

  /** @throws OperationError link_spent if the link was used or the account was changed since */
  async perform(unit: Unit, actor: Actor, change: EmailChange): Promise<OperationOutcome<EmailChange>> {
    const before = await this.users.lockAndRead(unit, change.userId);
    if (!before || !(await this.changes.confirm(unit, change, actor.now))) throw linkUsed();
    const after = { ...before, email: change.email, emailVerified: true };
    const confirmed = {
      type: 'user.email_confirmed',
      subjectId: change.userId,
      before: userRepresentation(before),
      after: userRepresentation(after),
    } as const;
    return { result: change, changes: [confirmed] };
  }
}
