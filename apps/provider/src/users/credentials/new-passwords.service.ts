import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store } from '@gatehouse/platform/database/store';
import { invalidInput, rateLimited } from '../../operations/operation-error.js';
import { text } from '../../i18n/message.js';
import { revertCountIfBusy } from '../throttling/server-busy-errors.js';
import type { QueueSource } from '../throttling/fair-queue.js';
import { LoginThrottle } from '../throttling/login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordRules, type PasswordUse } from './password-rules.js';
import type { User } from '../user.js';

export interface ChosenPassword {
  readonly owner: User;
  /** In plain text. */
  readonly password: string;
  /** The input field that contains it, for validation errors. */
  readonly field: string;
  readonly source: QueueSource;
  readonly now: EpochSeconds;
}

export interface HashedPassword {
  readonly passwordHash: string;
  /** The use for which the rules accepted it. */
  readonly use: PasswordUse;
}

/** Checks and hashes new passwords of existing accounts. Attempts are rate-limited. */
@Injectable()
export class NewPasswords {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
  ) {}

  /** The minimum number of characters of a new password; fewer apply beside a second factor. */
  async minimum(userId: string): Promise<number> {
    return this.rules.minimum(await this.rules.useOf(userId));
  }

  /**
   * @param verifyCurrent runs before the password is hashed
   * @returns the hash, and the use that {@link PasswordRules.requireFactorFor} checks again
   * @throws OperationError rate_limited, invalid, and what `verifyCurrent` throws
   */
  async hash(chosen: ChosenPassword, verifyCurrent?: () => Promise<void>): Promise<HashedPassword> {
    const { owner, password, field, source, now } = chosen;
    if (!(await this.store.run((unit) => this.throttle.countNewPassword(unit, owner.id, now))))
      throw rateLimited(text('problem.password.throttled'));
    return revertCountIfBusy(
      async () => {
        const use = await this.rules.useOf(owner.id);
        const weakness = await this.rules.problem(password, { use, owner, source });
        if (weakness !== undefined) throw invalidInput([{ field, message: weakness }]);
        await verifyCurrent?.();
        return { passwordHash: await this.hasher.hash(password, source), use };
      },
      () => this.store.run((unit) => this.throttle.revertNewPassword(unit, owner.id)),
    );
  }
}
