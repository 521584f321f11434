import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import { PageError } from '../http/page-error.js';
import type { Sentence } from '../texts/text.js';
import { uncountIfBusy } from '../users/busy.js';
import { LoginThrottle } from '../users/login-throttle.service.js';
import { OneTimeLinks, type FoundLink } from '../users/one-time-links.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { accountSource } from '../users/password-source.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { Visit } from '../users/visit.js';

/** A link that can still be used, and whose password it sets. */
export interface PasswordLink {
  readonly link: FoundLink;
  readonly user: User;
}

export type NewPasswordOutcome =
  | { readonly kind: 'throttled' }
  | { readonly kind: 'weak'; readonly weakness: Sentence }
  | { readonly kind: 'set'; readonly passwordHash: string };

/** Sets a password by a one-time link. */
@Injectable()
export class PasswordLinks {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** @throws PageError link.spent, also for a link that was never made */
  async get(visit: Visit, token: string | undefined): Promise<PasswordLink> {
    const link = await this.links.find(token, 'set-password', visit.now);
    const user = link && (await this.users.find(link.userId));
    if (!link || !user || user.disabledAt !== undefined) throw new PageError('link.spent');
    return { link, user };
  }

  /** Characters of a new password at least. */
  async minimum(user: User): Promise<number> {
    return this.rules.minimum(await this.rules.useOf(user.id));
  }

  /** @throws PageError link.spent when somebody else was faster */
  async set(visit: Visit, { link, user }: PasswordLink, password: string): Promise<NewPasswordOutcome> {
    if (!(await this.store.run((unit) => this.throttle.countNewPassword(unit, user.id, visit.now))))
      return { kind: 'throttled' };
    return uncountIfBusy(
      () => this.checkAndSet(visit, { link, user }, password),
      () => this.store.run((unit) => this.throttle.giveBackNewPassword(unit, user.id)),
    );
  }

  private async checkAndSet(visit: Visit, { link, user }: PasswordLink, password: string): Promise<NewPasswordOutcome> {
    const source = accountSource(visit, user.id);
    const purpose = { use: await this.rules.useOf(user.id), owner: user, source };
    const weakness = await this.rules.problem(password, purpose);
    if (weakness !== undefined) return { kind: 'weak', weakness };
    const passwordHash = await this.hasher.hash(password, source);
    const done = await this.store.run(async (unit) => {
      if (!(await this.links.consume(unit, link.selector, visit.now))) return false;
      const actor = { actorId: user.id, address: visit.address, requestId: visit.requestId };
      await this.users.replacePassword(unit, user.id, passwordHash, visit.now);
      await this.audit.record(unit, { type: 'user.password_set', ...actor, subjectId: user.id });
      return true;
    });
    if (!done) throw new PageError('link.spent');
    return { kind: 'set', passwordHash };
  }
}
