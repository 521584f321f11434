import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, notFound } from '../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../operations/operation.js';
import { requireUser } from '../../operations/policy.js';
import { CurrentPasswords } from '../../users/credentials/current-passwords.service.js';
import { NewPasswords, type HashedPassword } from '../../users/credentials/new-passwords.service.js';
import { PasswordRules } from '../../users/credentials/password-rules.js';
import { accountSource } from '../../users/credentials/password-source.js';
import { mayChangeOwnCredentials } from '../../users/policy.js';
import { UsersService } from '../../users/users.service.js';

export interface ChangeOwnPasswordInput {
  /** In plain text. */
  readonly currentPassword: string;
  readonly newPassword: string;
  /** The session that continues. */
  readonly keepSessionId: string;
}

interface Prepared extends HashedPassword {
  readonly verifiedHash: string;
  readonly keepSessionId: string;
}

/** Changes the actor's own password, after validating the current one. Ends other sessions and all offline access. */
@Injectable()
export class ChangeOwnPassword implements Operation<ChangeOwnPasswordInput, void, Prepared> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
    @Inject(CurrentPasswords) private readonly current: CurrentPasswords,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
  ) {}

  /** @throws OperationError not_found, recent_sign_in, rate_limited, invalid */
  async prepare(actor: Actor, input: ChangeOwnPasswordInput): Promise<Prepared> {
    const person = requireUser(actor, mayChangeOwnCredentials);
    const { currentPassword, newPassword, keepSessionId } = input;
    const owner = await this.users.find(person.userId);
    if (!owner) throw notFound('user');
    const source = accountSource(person, owner.id);
    const chosen = { owner, password: newPassword, field: 'newPassword', source, now: person.now };
    let verifiedHash = '';
    const hashed = await this.passwords.hash(chosen, async () => {
      const typed = { password: currentPassword, field: 'currentPassword', purpose: 'password change' } as const;
      verifiedHash = await this.current.verify(person, typed);
    });
    return { ...hashed, verifiedHash, keepSessionId };
  }

  /**
   * @throws OperationError not_found, recent_sign_in; changed if the password was changed or the last second factor was
   *   removed since
   */
  async perform(unit: Unit, actor: Actor, prepared: Prepared): Promise<OperationOutcome<void>> {
    const { userId, now } = requireUser(actor, mayChangeOwnCredentials);
    const { verifiedHash, passwordHash, use, keepSessionId } = prepared;
    if (!(await this.users.lock(unit, userId))) throw notFound('user');
    if (!(await this.users.isPasswordHash(unit, userId, verifiedHash))) throw recordChanged();
    await this.rules.requireFactorFor(unit, userId, use);
    await this.users.setPassword(unit, userId, passwordHash, now);
    // Somebody else's session or refresh token may be the reason for the change.
    const ended = await this.users.signOutEverywhere(unit, userId, { offline: true, keepSessionId }, now);
    const details = { offline_grants_ended: ended.grants };
    return { result: undefined, changes: [{ type: 'user.password_changed', subjectId: userId, details }] };
  }
}
