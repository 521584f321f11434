import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { routes } from '../http/routes.js';
import { text, type Sentence } from '../texts/text.js';
import type { User } from '../users/user.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { LinkTokens } from './link-tokens.js';
import { LoginSessions } from './login-sessions.service.js';
import { PasswordLinks } from './password-links.service.js';
import { PendingLogins } from './pending.service.js';

/** Sets a password by a one-time link. Opening the link spends nothing: only sending the form does. */
@Controller(routes.setPassword)
export class SetPasswordController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(PasswordLinks) private readonly passwords: PasswordLinks,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const presented = query(request).get('token');
    const token = presented ?? this.tokens.get(visit, 'password');
    const { user } = await this.passwords.get(visit, token);
    if (presented !== undefined) return this.tokens.keep(visit, 'password', presented, routes.setPassword);
    return this.show(visit, user, token, { status: 200 });
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const token = form.get('token') ?? this.tokens.get(visit, 'password');
    const linked = await this.passwords.get(visit, token);
    const { user, link } = linked;
    if (refusal) return this.show(visit, user, token, { status: 403, problem: text(refusal.id) });
    const outcome = await this.passwords.set(visit, linked, form.text('password'));
    switch (outcome.kind) {
      case 'throttled':
        return this.show(visit, user, token, { status: 429, problem: text('problem.password.throttled') });
      case 'weak':
        return this.show(visit, user, token, { status: 422, problem: outcome.weakness });
      case 'set':
        return link.signsIn ? this.signIn(visit, user, outcome.passwordHash) : this.showSet(visit, user);
    }
  }

  /** The session is partial where a second factor is owed: the pages after this one ask for it. */
  private async signIn(visit: Visit, user: User, passwordHash: string): Promise<Reply> {
    const loggedIn = await this.logins.start(visit, {
      user,
      verifiedHash: passwordHash,
      amr: ['pwd'],
      kept: undefined,
      counted: [],
    });
    // The password was changed again, or the account switched off, in this very moment.
    if (!loggedIn) return this.showSet(visit, user);
    const cookies = [...loggedIn.cookies, this.tokens.removed('password')];
    const waiting = await this.pending.offered(visit);
    if (!waiting) return Reply.redirect(routes.home, { cookies });
    return this.visits.page(
      // Who was signed in here before is not any more.
      { ...visit, user: undefined, session: undefined, cookies },
      'interaction/password-set',
      { username: user.username, isLoggedIn: true, continueHref: waiting.href, clientName: waiting.clientName },
    );
  }

  private async showSet(visit: Visit, user: User): Promise<Reply> {
    const waiting = await this.pending.offered(visit);
    return this.visits.page(
      visit,
      'interaction/password-set',
      { username: user.username, continueHref: waiting?.href ?? routes.login, clientName: waiting?.clientName },
      { cookies: [this.tokens.removed('password')] },
    );
  }

  private async show(
    visit: Visit,
    user: User,
    token: string,
    { status, problem }: { readonly status: number; readonly problem?: Sentence },
  ): Promise<Reply> {
    const minimum = await this.passwords.minimum(user);
    return this.visits.page(
      visit,
      'interaction/set-password',
      { username: user.username, token, action: routes.setPassword, problem, minimum },
      { status },
    );
  }
}
