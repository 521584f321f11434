import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import type { FieldProblem } from '../http/form-problems.js';
import { RecentSignIns, type LoginAgain } from '../users/recent-sign-ins.service.js';
import { routes } from '../http/routes.js';
import { text } from '../texts/text.js';
import { actorOf } from '../users/actor.js';
import { uncountIfBusy } from '../users/busy.js';
import { LoginThrottle } from '../users/login-throttle.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { accountSource } from '../users/password-source.js';
import { UsersService } from '../users/users.service.js';
import type { UserVisit } from '../users/visit.js';

/** Guesses at the current password, by whoever sits at an open session. */
const guesses = { most: 10, seconds: 900 };

export type PasswordChange = 'done' | 'throttled' | 'too many' | readonly FieldProblem[];

/** A person changes their own password: the current one is asked for; other sessions and all offline access end. */
@Injectable()
export class OwnPassword {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** What must come first; undefined when the password may be changed now. */
  missing(visit: UserVisit): Promise<LoginAgain | undefined> {
    return this.fresh.missing(visit, routes.account);
  }

  /** Characters that a new one must have: fewer beside a second factor. */
  async minimum(userId: string): Promise<number> {
    return this.rules.minimum(await this.rules.useOf(userId));
  }

  /** @param visit of a recent sign-in */
  async change(visit: UserVisit, typed: { readonly current: string; readonly next: string }): Promise<PasswordChange> {
    const { user, now } = visit;
    if (!(await this.store.run((unit) => this.throttle.countNewPassword(unit, user.id, now)))) return 'too many';
    return uncountIfBusy(
      () => this.checkAndSet(visit, typed),
      () => this.store.run((unit) => this.throttle.giveBackNewPassword(unit, user.id)),
    );
  }

  private async checkAndSet(
    visit: UserVisit,
    typed: { readonly current: string; readonly next: string },
  ): Promise<PasswordChange> {
    const { user, now } = visit;
    const source = accountSource(visit, user.id);
    const purpose = { use: await this.rules.useOf(user.id), owner: user, source };
    const weakness = await this.rules.problem(typed.next, purpose);
    if (weakness !== undefined) return [{ field: 'newPassword', message: weakness }];
    const bucket = `own:${user.id}`;
    const admitted = await this.store.run((unit) => this.throttle.countOne(unit, bucket, guesses, now));
    if (!admitted) return 'throttled';
    const stored = await this.users.findPasswordHash(user.id);
    // Hashing comes after the proof: where it is refused, the current password was no wrong guess either.
    const passwordHash = await uncountIfBusy(
      async () =>
        (await this.hasher.verify(stored, typed.current, source)) ? this.hasher.hash(typed.next, source) : undefined,
      () => this.store.run((unit) => this.throttle.giveBackOne(unit, bucket)),
    );
    if (passwordHash === undefined) {
      await this.store.run((unit) =>
        this.audit.record(unit, {
          type: 'user.password_wrong',
          ...actorOf(visit),
          subjectId: user.id,
          details: { for: 'password change' },
        }),
      );
      return [{ field: 'currentPassword', message: text('problem.password.wrong') }];
    }
    await this.replace(visit, passwordHash);
    return 'done';
  }

  private async replace(visit: UserVisit, passwordHash: string): Promise<void> {
    const { user, session, now } = visit;
    await this.store.run(async (unit) => {
      await this.throttle.giveBackOne(unit, `own:${user.id}`);
      await this.users.setPassword(unit, user.id, passwordHash, now);
      // Whoever else is signed in, or got a refresh token by the old password, may be the reason for the change.
      const ended = await this.users.signOutEverywhere(
        unit,
        user.id,
        { offline: true, keepSessionId: session.id },
        now,
      );
      await this.audit.record(unit, {
        type: 'user.password_changed',
        ...actorOf(visit),
        subjectId: user.id,
        details: { offline_grants_ended: ended.grants },
      });
    });
  }
}
