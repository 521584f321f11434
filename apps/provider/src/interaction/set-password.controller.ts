import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { PageForms } from '@gatehouse/server/web/page-forms';
import type { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { Factors } from '../factors/factors.service.js';
import { PasswordRenewal } from '../grants/password-renewal.service.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { text, type Sentence } from '../texts/text.js';
import { LoginThrottle } from '../users/login-throttle.service.js';
import { OneTimeLinks } from '../users/one-time-links.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules, type PasswordUse } from '../users/password-rules.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { PendingLogins } from './pending.service.js';

/** Sets a password by a one-time link. Opening the link spends nothing: only sending the form does. */
@Controller(routes.setPassword)
export class SetPasswordController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(PasswordRenewal) private readonly renewal: PasswordRenewal,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(Factors) private readonly factors: Factors,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const token = query(request).get('token');
    const { user } = await this.linked(visit, token);
    return this.show(visit, user, token ?? '', 200);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const token = form.get('token') ?? query(request).get('token') ?? '';
    const { user, selector } = await this.linked(visit, token);
    if (refusal) return this.show(visit, user, token, 403, text(refusal.id));
    const password = form.text('password');
    if (!(await this.store.run((unit) => this.throttle.countNewPassword(unit, user.id, visit.now))))
      return this.show(visit, user, token, 429, text('problem.password.throttled'));
    const weakness = await this.rules.problem(password, await this.use(user), user);
    if (weakness !== undefined) return this.show(visit, user, token, 422, weakness);

    const passwordHash = await this.hasher.hash(password, visit.addressKey);
    const done = await this.store.run(async (unit) => {
      if (!(await this.links.consume(unit, selector, visit.now))) return false;
      const actor = { actorId: user.id, address: visit.address, requestId: visit.requestId };
      await this.renewal.renew(unit, user.id, passwordHash, actor, visit.now);
      return true;
    });
    if (!done) throw new PageError('link.spent');
    const waiting = await this.pending.newest(visit);
    return this.visits.page(visit, 'interaction/password-set', {
      username: user.username,
      loginHref: waiting?.href ?? routes.login,
      clientName: waiting?.clientName,
    });
  }

  private async linked(visit: Visit, token: string | undefined): Promise<{ user: User; selector: number }> {
    const link = await this.links.find(token, 'set-password', visit.now);
    const user = link && (await this.users.find(link.userId));
    if (!link || !user || user.disabledAt !== undefined) throw new PageError('link.spent');
    return { user, selector: link.selector };
  }

  private async use(user: User): Promise<PasswordUse> {
    return (await this.factors.hasAny(user.id)) ? 'beside a second factor' : 'only factor';
  }

  private async show(visit: Visit, user: User, token: string, status: number, problem?: Sentence): Promise<Reply> {
    const minimum = this.rules.minimum(await this.use(user));
    return this.visits.page(
      visit,
      'interaction/set-password',
      { username: user.username, token, action: routes.setPassword, problem, minimum },
      { status },
    );
  }
}
