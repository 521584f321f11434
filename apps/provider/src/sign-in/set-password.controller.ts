import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { text, type Sentence } from '../i18n/text.js';
import { SetPasswordByLink } from '../users/credentials/operations/set-password-by-link.js';
import { PageOperations } from '../users/page-operations.service.js';
import { PasswordLinks, type PasswordLink } from '../users/credentials/password-links.service.js';
import type { User } from '../users/user.js';
import type { Visit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { LinkTokens } from './link-tokens.js';
import { LoginSessions } from './login-sessions.service.js';
import { PendingLogins } from './pending.service.js';

/** Sets a password by a one-time link. Opening the link spends nothing: only sending the form does. */
@Controller(routes.setPassword)
export class SetPasswordController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(PasswordLinks) private readonly links: PasswordLinks,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const presented = query(request).get('token');
    const token = presented ?? this.tokens.get(visit, 'password');
    const { user } = await this.getLink(token, visit);
    if (presented !== undefined) return this.tokens.keep(visit, 'password', presented, routes.setPassword);
    return this.show(visit, user, token, { status: 200 });
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const token = form.get('token') ?? this.tokens.get(visit, 'password');
    const { user } = await this.getLink(token, visit);
    if (refusal) return this.show(visit, user, token, { status: 403, problem: text(refusal.id) });
    const input = { token, password: form.text('password') };
    const outcome = await this.operations.executeForVisitor(SetPasswordByLink, input, { visit, linkedUserId: user.id });
    if ('refusal' in outcome) {
      const { status, error, problems } = outcome.refusal;
      return this.show(visit, user, token, { status, problem: problems[0]?.message ?? error });
    }
    const { signsIn, passwordHash } = outcome.result;
    return signsIn ? this.signIn(visit, user, passwordHash) : this.showSet(visit, user);
  }

  /** @throws PageError link.spent, also for a link that was never made */
  private async getLink(token: string, visit: Visit): Promise<PasswordLink> {
    const linked = await this.links.find(token, visit.now);
    if (!linked) throw new PageError('link.spent');
    return linked;
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
      'sign-in/password-set',
      { username: user.username, isLoggedIn: true, continueHref: waiting.href, clientName: waiting.clientName },
    );
  }

  private async showSet(visit: Visit, user: User): Promise<Reply> {
    const waiting = await this.pending.offered(visit);
    return this.visits.page(
      visit,
      'sign-in/password-set',
      { username: user.username, continueHref: waiting?.href ?? routes.login, clientName: waiting?.clientName },
      { cookies: [this.tokens.removed('password')] },
    );
  }

  private async show(
    visit: Visit,
    user: User,
    token: string,
    { status, problem }: { readonly status: number; readonly problem?: Sentence | undefined },
  ): Promise<Reply> {
    const minimum = await this.links.minimum(user);
    return this.visits.page(
      visit,
      'sign-in/set-password',
      { username: user.username, token, action: routes.setPassword, problem, minimum },
      { status },
    );
  }
}
