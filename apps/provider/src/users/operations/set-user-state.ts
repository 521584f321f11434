import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { notFound, OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { text } from '../../i18n/message.js';
import { mayManageUsers } from '../policy.js';
import type { User } from '../user.js';
import { UsersService } from '../users.service.js';

export interface UserState {
  readonly id: string;
  readonly disabled: boolean;
}

/** Disables an account, which ends its sessions, grants and tokens, or enables it again. */
@Injectable()
export class SetUserState extends SimpleOperation<UserState, User> {
  constructor(@Inject(UsersService) private readonly users: UsersService) {
    super();
  }

  /** @throws OperationError conflict for the last administrator; nothing has been written then */
  async perform(unit: Unit, actor: Actor, { id, disabled }: UserState): Promise<OperationOutcome<User>> {
    requireAllowed(actor, mayManageUsers(actor));
    const before = await this.users.lockAndRead(unit, id);
    if (!before) throw notFound('user');
    if ((before.disabledAt !== undefined) === disabled) return { result: before, changes: [] };
    if (disabled && (await this.users.isLastAdmin(unit, before)))
      throw new OperationError('conflict', text('problem.lastAdmin'));
    const user = await this.users.setDisabled(unit, before, disabled, actor.now);
    return {
      result: user,
      changes: [
        {
          type: disabled ? 'user.disabled' : 'user.enabled',
          subjectId: id,
          before: { disabled: before.disabledAt !== undefined },
          after: { disabled },
        },
      ],
    };
  }
}
