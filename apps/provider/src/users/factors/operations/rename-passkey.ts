import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, notFound } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireUser } from '../../../operations/policy.js';
import { text } from '../../../i18n/message.js';
import { UsersService } from '../../users.service.js';
import { maxNameCharacters, Passkeys } from '../passkeys.service.js';

export interface RenamePasskeyInput {
  readonly id: string;
  readonly name: string;
}

/** Renames one of the actor's passkeys. Does nothing if it no longer exists. */
@Injectable()
export class RenamePasskey extends SimpleOperation<RenamePasskeyInput, void> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
  ) {
    super();
  }

  /** @throws OperationError not_found, invalid */
  async perform(unit: Unit, actor: Actor, { id, name }: RenamePasskeyInput): Promise<OperationOutcome<void>> {
    const { userId } = requireUser(actor);
    if (name === '' || name.length > maxNameCharacters)
      throw invalidInput([{ field: 'name', message: text('passkeys.badName', { most: maxNameCharacters }) }]);
    if (!(await this.users.lock(unit, userId))) throw notFound('user');
    const before = await this.passkeys.findName(unit, userId, id);
    if (before === undefined || before === name) return { result: undefined, changes: [] };
    await this.passkeys.rename(unit, userId, id, name);
    const change = {
      type: 'factor.renamed',
      subjectId: userId,
      before: { name: before },
      after: { name },
      details: { factor: id },
    } as const;
    return { result: undefined, changes: [change] };
  }
}
