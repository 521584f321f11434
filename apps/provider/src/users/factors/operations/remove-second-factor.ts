import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor, UserActor } from '../../../operations/actor.js';
import { recordChanged, invalidInput, notFound } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { requireUser } from '../../../operations/policy.js';
import { type Message, text } from '../../../i18n/message.js';
import { CurrentPasswords } from '../../credentials/current-passwords.service.js';
import { PasswordRules } from '../../credentials/password-rules.js';
import { accountSource } from '../../credentials/password-source.js';
import { mayChangeOwnCredentials } from '../../policy.js';
import { SecurityNotices } from '../../security-notices.service.js';
import { checkPassword } from '../../user.js';
import { UsersService } from '../../users.service.js';
import { Factors } from '../factors.service.js';

export interface RemoveSecondFactorInput {
  /** `totp` or a passkey's id. */
  readonly factor: string;
  /**
   * Required for the last factor: a password that is the only factor must be longer (NIST SP 800-63B-4 3.1.1.2), and its
   * length can only be checked on the plain text.
   */
  readonly password: string;
}

interface Prepared {
  readonly factor: string;
  /** The hash of the password that will be the only factor; undefined if another factor remains. */
  readonly verifiedHash: string | undefined;
}

/** Removes one of the actor's second factors, and ends the trusted browsers. */
@Injectable()
export class RemoveSecondFactor implements Operation<RemoveSecondFactorInput, void, Prepared> {
  constructor(
    @Inject(Factors) private readonly factors: Factors,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(CurrentPasswords) private readonly passwords: CurrentPasswords,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {}

  /** @throws OperationError not_found, recent_sign_in, rate_limited, invalid */
  async prepare(actor: Actor, { factor, password }: RemoveSecondFactorInput): Promise<Prepared> {
    const person = requireUser(actor, mayChangeOwnCredentials);
    const removable = await this.factors.findRemovable(person.userId, factor);
    return { factor, verifiedHash: removable?.isLast ? await this.checkPasswordAlone(person, password) : undefined };
  }

  /**
   * @throws OperationError not_found, recent_sign_in; changed if the other factors were removed or the password was
   *   changed since
   */
  async perform(unit: Unit, actor: Actor, { factor, verifiedHash }: Prepared): Promise<OperationOutcome<void>> {
    const { userId, now } = requireUser(actor, mayChangeOwnCredentials);
    if (!(await this.users.lock(unit, userId))) throw notFound('user');
    // Idempotent: it may have been removed already.
    if (!(await this.factors.remove(unit, userId, factor))) return { result: undefined, changes: [] };
    if (!(await this.factors.hasAnyIn(unit, userId))) {
      const isChecked = verifiedHash !== undefined && (await this.users.isPasswordHash(unit, userId, verifiedHash));
      if (!isChecked) throw recordChanged();
    }
    await this.notices.notify(unit, userId, 'factor removed', now);
    return { result: undefined, changes: [{ type: 'factor.removed', subjectId: userId, details: { factor } }] };
  }

  /** @returns the stored hash of the password */
  private async checkPasswordAlone(person: UserActor, password: string): Promise<string> {
    const user = await this.users.find(person.userId);
    if (!user) throw notFound('user');
    if (!user.hasPassword) throw wrongPassword(text('remove.noPassword'));
    const verifiedHash = await this.passwords.verify(person, {
      password,
      field: 'password',
      purpose: 'factor removal',
    });
    const minimum = this.rules.minimum('only factor');
    if (checkPassword(password, minimum) !== undefined) throw wrongPassword(text('remove.shortPassword', { minimum }));
    // It was chosen beside a second factor, for which the rules are weaker.
    const purpose = { use: 'only factor', owner: user, source: accountSource(person, user.id) } as const;
    if ((await this.rules.problem(password, purpose)) !== undefined) throw wrongPassword(text('remove.weakPassword'));
    return verifiedHash;
  }
}

function wrongPassword(message: Message): ReturnType<typeof invalidInput> {
  return invalidInput([{ field: 'password', message }]);
}
