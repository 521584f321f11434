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
  /** The account that is asked for. */
  readonly draft: UserDraft;
  /** In plain text. */
  readonly password: string;
  readonly source: QueueSource;
  readonly now: EpochSeconds;
}

/** Passwords of people who sign up: counted by where they come from, judged by the rules together with the account, and hashed. */
@Injectable()
export class SignUpPasswords {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SignUpRate) private readonly rate: SignUpRate,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
  ) {}

  /** @throws OperationError rate_limited; invalid, with everything that is wrong with the account too */
  async hash(asked: SignUpPassword): Promise<string> {
    const { password, source, now } = asked;
    if (!(await this.store.run((unit) => this.rate.countPassword(unit, source.key, now))))
      throw rateLimited(text('signUp.throttled'));
    const problems = await revertCountIfBusy(
      () => this.problems(asked),
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

  /** The estimate takes time: a draft that is refused in any case does not get one. */
  private async problems({ draft, password, source }: SignUpPassword): Promise<readonly Problem[]> {
    const purpose = { use: 'only factor', owner: draft, source } as const;
    const ofDraft = [...checkUserDraft(draft), ...checkChosenUsername(draft)];
    const weakness =
      ofDraft.length > 0 ? this.rules.simpleProblem(password, purpose) : await this.rules.problem(password, purpose);
    return weakness === undefined ? ofDraft : [...ofDraft, { field: 'password', message: weakness }];
  }
}
