import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { invalidInput, notFound, OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { text } from '../../i18n/message.js';
import { mayDeleteUser } from '../policy.js';
import { UsersService } from '../users.service.js';

export interface DeleteUserInput {
  readonly id: string;
  /** The username, entered as a confirmation; if omitted, no confirmation is required. */
  readonly typedUsername?: string;
}

/** Deletes an account and all its data. */
@Injectable()
export class DeleteUser extends SimpleOperation<DeleteUserInput, void> {
  constructor(@Inject(UsersService) private readonly users: UsersService) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { id, typedUsername }: DeleteUserInput): Promise<OperationOutcome<void>> {
    requireAllowed(actor, mayDeleteUser(actor, id));
    const user = await this.users.lockAndRead(unit, id);
    if (!user) throw notFound('user');
    if (typedUsername !== undefined && typedUsername !== user.username)
      throw invalidInput([{ field: 'username', message: text('delete.wrong') }]);
    if (await this.users.isLastAdmin(unit, user)) throw new OperationError('conflict', text('problem.lastAdmin'));
    await this.users.remove(unit, id, actor.now);
    return {
      result: undefined,
      changes: [{ type: 'user.deleted', subjectId: id, details: { username: user.username } }],
    };
  }
}
