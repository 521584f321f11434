import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import { type Sentence, text } from '../texts/text.js';
import { actorOf } from '../users/actor.js';
import { uncountIfBusy } from '../users/busy.js';
import { LoginThrottle } from '../users/login-throttle.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { accountSource } from '../users/password-source.js';
import { checkPassword } from '../users/user.js';
import { SecurityNotices } from '../users/security-notices.service.js';
import { UsersService } from '../users/users.service.js';
import type { UserVisit } from '../users/visit.js';
import { Factors } from './factors.service.js';
import { Passkeys } from './passkeys.service.js';
import { TotpFactors } from './totp.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

/** Guesses at the current password, by whoever sits at an open session; the same count as for its change. */
const guesses = { most: 10, seconds: 900 };

/** A factor that its person may remove. */
export interface Removable {
  /** `totp` or a passkey's id. */
  readonly key: string;
  readonly name: Sentence;
  /** Nothing but the password is left after it. */
  readonly isLast: boolean;
}

/** Removes a person's own factors, one by one. */
@Injectable()
export class Removal {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {}

  async find(userId: string, key: string): Promise<Removable | undefined> {
    const { totp, passkeys } = await this.factors.of(userId);
    const isLast = passkeys.length + (totp ? 1 : 0) === 1;
    if (key === 'totp') return totp && { key, name: text('app.name'), isLast };
    const passkey = passkeys.find(({ id }) => id === key);
    return passkey && { key, name: passkey.name, isLast };
  }

  /**
   * Browsers that were trusted are asked again afterwards.
   * @param password asked for with the last factor: alone it must be longer than beside one (NIST SP 800-63B-4 3.1.1.2),
   *   and only the text itself tells how long it is
   */
  async remove(
    visit: UserVisit,
    factor: Removable,
    password: string,
  ): Promise<'removed' | 'throttled' | { readonly problem: Sentence }> {
    const { user } = visit;
    if (factor.isLast) {
      const wrong = await this.checkPasswordAlone(visit, password);
      if (wrong !== undefined) return wrong;
    }
    await this.store.run(async (unit) => {
      await this.users.lock(unit, user.id);
      const removed =
        factor.key === 'totp'
          ? await this.totp.remove(unit, user.id)
          : await this.passkeys.remove(unit, user.id, factor.key);
      // Gone already is what was wanted.
      if (!removed) return;
      await this.trusted.endAllOf(unit, user.id);
      if (!(await this.factors.hasAnyIn(unit, user.id))) await this.factors.forgetStandIns(unit, user.id);
      await this.audit.record(unit, {
        type: 'factor.removed',
        ...actorOf(visit),
        subjectId: user.id,
        details: { factor: factor.key },
      });
      await this.notices.tell(unit, user.id, 'factor removed', visit.now);
    });
    return 'removed';
  }

  private async checkPasswordAlone(
    visit: UserVisit,
    password: string,
  ): Promise<'throttled' | { readonly problem: Sentence } | undefined> {
    const { user, now } = visit;
    const source = accountSource(visit, user.id);
    if (!user.hasPassword) return { problem: text('remove.noPassword') };
    const bucket = `own:${user.id}`;
    const admitted = await this.store.run((unit) => this.throttle.countOne(unit, bucket, guesses, now));
    if (!admitted) return 'throttled';
    const stored = await this.users.findPasswordHash(user.id);
    const giveBack = () => this.store.run((unit) => this.throttle.giveBackOne(unit, bucket));
    if (!(await uncountIfBusy(() => this.hasher.verify(stored, password, source), giveBack))) {
      await this.store.run((unit) =>
        this.audit.record(unit, {
          type: 'user.password_wrong',
          ...actorOf(visit),
          subjectId: user.id,
          details: { for: 'factor removal' },
        }),
      );
      return { problem: text('problem.password.wrong') };
    }
    await giveBack();
    const minimum = this.rules.minimum('only factor');
    if (checkPassword(password, minimum) !== undefined) return { problem: text('remove.shortPassword', { minimum }) };
    // It was chosen beside a second factor, where fewer guesses are asked of it.
    const purpose = { use: 'only factor', owner: user, source } as const;
    if ((await this.rules.problem(password, purpose)) !== undefined) return { problem: text('remove.weakPassword') };
    return undefined;
  }
}
