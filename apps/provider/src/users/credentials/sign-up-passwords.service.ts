import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store } from '@gatehouse/platform/database/store';
import { invalidInput, rateLimited } from '../../operations/operation-error.js';
import { text } from '../../i18n/message.js';
import { revertCountIfBusy } from '../throttling/server-busy-errors.js';
import type { QueueSource } from '../throttling/fair-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordRules } from './password-rules.js';
import { SignUpRate } from '../throttling/sign-up-rate.service.js';
import { checkChosenUsername, checkUserDraft, type Problem, type UserDraft } from '../user.js';

export interface SignUpPassword {
  /** The account to create. */
  readonly draft: UserDraft;
  /** In plain text. */
  readonly password: string;
  readonly source: QueueSource;
  readonly now: EpochSeconds;
}

/**
 * Checks and hashes passwords of new accounts. Attempts are counted per source; the rules check the password together
 * with the account data.
 */
@Injectable()
export class SignUpPasswords {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SignUpRate) private readonly rate: SignUpRate,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
  ) {}

  /** @throws OperationError rate_limited; invalid, which also reports problems of the account data */
  async hash(signUp: SignUpPassword): Promise<string> {
    const { password, source, now } = signUp;
    if (!(await this.store.run((unit) => this.rate.countPassword(unit, source.key, now))))
      throw rateLimited(text('signUp.throttled'));
    const problems = await revertCountIfBusy(
      () => this.problems(signUp),
      () => this.store.run((unit) => this.rate.revertPassword(unit, source.key)),
    );
    if (problems.length > 0) throw invalidInput(problems);
    if (!(await this.store.run((unit) => this.rate.count(unit, source.key, now))))
      throw rateLimited(text('signUp.throttled'));
    return revertCountIfBusy(
      () => this.hasher.hash(password, source),
      () =>
        this.store.run(async (unit) => {
          await this.rate.revert(unit, source.key);
          await this.rate.revertPassword(unit, source.key);
        }),
    );
  }

  /** Skips the estimate, which takes time, if the draft is invalid anyway. */
  private async problems({ draft, password, source }: SignUpPassword): Promise<readonly Problem[]> {
    const purpose = { use: 'only factor', owner: draft, source } as const;
    const draftProblems = [...checkUserDraft(draft), ...checkChosenUsername(draft)];
    const weakness =
      draftProblems.length > 0
        ? this.rules.simpleProblem(password, purpose)
        : await this.rules.problem(password, purpose);
    return weakness === undefined ? draftProblems : [...draftProblems, { field: 'password', message: weakness }];
  }
}
