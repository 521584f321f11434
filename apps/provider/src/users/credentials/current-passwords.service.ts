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

/** The limit of wrong current passwords entered in an open session. */
const attemptLimit = { most: 10, seconds: 900 };

export interface EnteredPassword {
  /** In plain text. */
  readonly password: string;
  /** The input field that contains it. */
  readonly field: string;
  /** Why it was asked for; written to the audit log. */
  readonly purpose: 'password change' | 'factor removal';
}

/** Verifies the current password of a signed-in user. Wrong passwords are counted across all purposes. */
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
   * @returns the stored hash that the password matches
   * @throws OperationError rate_limited, invalid
   */
  async verify(person: UserActor, { password, field, purpose }: EnteredPassword): Promise<string> {
    const { userId, now } = person;
    const bucket = `own:${userId}`;
    const admitted = await this.store.run((unit) => this.throttle.countOne(unit, bucket, attemptLimit, now));
    if (!admitted) throw rateLimited(text('account.wrongPasswords'));
    const revertCount = (): Promise<void> => this.store.run((unit) => this.throttle.revertOne(unit, bucket));
    const stored = await this.users.findPasswordHash(userId);
    const source = accountSource(person, userId);
    const isCorrect = await revertCountIfBusy(() => this.hasher.verify(stored, password, source), revertCount);
    if (stored === undefined || !isCorrect) {
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
    await revertCount();
    return stored;
  }
}
