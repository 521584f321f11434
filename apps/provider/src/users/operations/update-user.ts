import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { revisionOf } from '../../web/revision.js';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, invalidInput, notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageUsers } from '../policy.js';
import { editable, type User, type UserDraft } from '../user.js';
import { userRepresentation } from '../user-representation.js';
import { UsersService } from '../users.service.js';

export interface UpdateUserInput {
  readonly id: string;
  readonly draft: UserDraft;
  /** The revision of {@link editable} on which the change is based; if omitted, the current one. */
  readonly revision?: string | undefined;
}

/** Changes the properties of an account that administrators edit: names, address, claims, roles. */
@Injectable()
export class UpdateUser extends SimpleOperation<UpdateUserInput, User> {
  constructor(@Inject(UsersService) private readonly users: UsersService) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { id, draft, revision }: UpdateUserInput): Promise<OperationOutcome<User>> {
    requireAllowed(actor, mayManageUsers(actor));
    const before = await this.users.lockAndRead(unit, id);
    if (!before) throw notFound('user');
    if (revision !== undefined && revision !== revisionOf(editable(before))) throw recordChanged();
    const saved = await this.users.update(unit, before, draft, actor.now);
    if ('problems' in saved) throw invalidInput(saved.problems);
    const change = {
      type: 'user.updated',
      subjectId: id,
      before: userRepresentation({ ...before, updatedAt: saved.user.updatedAt }),
      after: userRepresentation(saved.user),
    } as const;
    return { result: saved.user, changes: [change] };
  }
}
