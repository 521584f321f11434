import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../../audit/audit.service.js';
import { auditActor, type UserActor } from '../../operations/actor.js';
import { invalidInput, rateLimited } from '../../operations/operation-error.js';
import { text } from '../../i18n/message.js';
import { revertCountIfBusy } from '../throttling/server-busy-errors.js';
import { LoginThrottle } from '../throttling/login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';
import { accountSource } from './password-source.js';
import { UsersService } from '../users.service.js';

/** Guesses at the current password from an open session. */
const guesses = { most: 10, seconds: 900 };

export interface EnteredPassword {
  /** In plain text. */
  readonly password: string;
  /** The member of the input that it is. */
  readonly field: string;
  /** What it was asked for, for the audit log. */
  readonly purpose: 'password change' | 'factor removal';
}

/** Verifies the current password of a person who is signed in. Wrong ones are counted, whatever they were asked for. */
@Injectable()
export class CurrentPasswords {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * @returns the stored hash that it matches
   * @throws OperationError rate_limited, invalid
   */
  async verify(person: UserActor, { password, field, purpose }: EnteredPassword): Promise<string> {
    const { userId, now } = person;
    const bucket = `own:${userId}`;
    const admitted = await this.store.run((unit) => this.throttle.countOne(unit, bucket, guesses, now));
    if (!admitted) throw rateLimited(text('account.wrongPasswords'));
    const giveBack = (): Promise<void> => this.store.run((unit) => this.throttle.revertOne(unit, bucket));
    const stored = await this.users.findPasswordHash(userId);
    const source = accountSource(person, userId);
    const isRight = await revertCountIfBusy(() => this.hasher.verify(stored, password, source), giveBack);
    if (stored === undefined || !isRight) {
      await this.store.run((unit) =>
        this.audit.record(unit, {
          type: 'user.password_wrong',
          ...auditActor(person),
          subjectId: userId,
          details: { for: purpose },
        }),
      );
      throw invalidInput([{ field, message: text('problem.password.wrong') }]);
    }
    await giveBack();
    return stored;
  }
}
