import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, notFound } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import type { HashedPassword } from '../new-passwords.service.js';
import { PasswordHasher } from '../password-hasher.js';
import { PasswordRules } from '../password-rules.js';
import { mayManageUsers } from '../../policy.js';
import type { User } from '../../user.js';
import { UsersService } from '../../users.service.js';

export interface SetPasswordInput {
  readonly id: string;
  /** In plain text. */
  readonly password: string;
}

export interface PreparedPassword extends HashedPassword {
  readonly id: string;
}

/** Sets an account's password without asking for the current one; its sessions and grants end. */
@Injectable()
export class SetPassword implements Operation<SetPasswordInput, User, PreparedPassword> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
  ) {}

  async prepare(_actor: Actor, { id, password }: SetPasswordInput): Promise<PreparedPassword> {
    const owner = await this.users.find(id);
    if (!owner) throw notFound('user');
    const use = await this.rules.useOf(id);
    const weakness = await this.rules.problem(password, { use, owner });
    if (weakness !== undefined) throw invalidInput([{ field: 'password', message: weakness }]);
    return { id, use, passwordHash: await this.hasher.hash(password) };
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { id, passwordHash, use }: PreparedPassword,
  ): Promise<OperationOutcome<User>> {
    requireAllowed(actor, mayManageUsers(actor));
    const user = await this.users.lockAndRead(unit, id);
    if (!user) throw notFound('user');
    await this.rules.requireFactorFor(unit, id, use);
    await this.users.replacePassword(unit, id, passwordHash, actor.now);
    return { result: user, changes: [{ type: 'user.password_set', subjectId: id }] };
  }
}
