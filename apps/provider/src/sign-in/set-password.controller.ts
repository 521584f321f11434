import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { problemModel } from '../web/form-errors.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { text, type Message } from '../i18n/message.js';
import { SetPasswordByLink } from '../users/credentials/operations/set-password-by-link.js';
import { PageOperations } from '../users/page-operations.service.js';
import { PasswordLinks, type PasswordLink } from '../users/credentials/password-links.service.js';
import type { User } from '../users/user.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { LinkTokens } from './link-tokens.js';
import { LoginSessions } from './login-sessions.service.js';
import { SignInInteractions } from './sign-in-interactions.service.js';

interface Shown {
  readonly status: number;
  readonly error?: Message | undefined;
  /** What is wrong with the password, shown next to its field. */
  readonly problem?: Message | undefined;
}

/** Sets a password by a one-time link. Opening the link does not consume it: only submitting the form does. */
@Controller(routes.setPassword)
export class SetPasswordController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(PasswordLinks) private readonly links: PasswordLinks,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const presented = query(request).get('token');
    const token = presented ?? this.tokens.get(context, 'password');
    const { user } = await this.getLink(token, context);
    if (presented !== undefined) return this.tokens.keep(context, 'password', presented, routes.setPassword);
    return this.show(context, user, token, { status: 200 });
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const token = form.get('token') ?? this.tokens.get(context, 'password');
    const { user } = await this.getLink(token, context);
    if (refusal) return this.show(context, user, token, { status: 403, error: text(refusal.id) });
    const input = { token, password: form.text('password') };
    const outcome = await this.operations.executeForVisitor(SetPasswordByLink, input, {
      context,
      linkedUserId: user.id,
    });
    if ('refusal' in outcome) {
      const { status, error, problems } = outcome.refusal;
      return this.show(context, user, token, { status, error, problem: problems[0]?.message });
    }
    const { signsIn, passwordHash } = outcome.result;
    return signsIn ? this.signIn(context, user, passwordHash) : this.showDone(context, user);
  }

  /** @throws PageError link.spent, also for a link that was never issued */
  private async getLink(token: string, context: RequestContext): Promise<PasswordLink> {
    const link = await this.links.find(token, context.now);
    if (!link) throw new PageError('link.spent');
    return link;
  }

  /** The session is partial when a second factor is required: the pages after this one ask for it. */
  private async signIn(context: RequestContext, user: User, passwordHash: string): Promise<Reply> {
    const loggedIn = await this.logins.start(context, {
      user,
      verifiedHash: passwordHash,
      amr: ['pwd'],
      interaction: undefined,
      counted: [],
    });
    // The password was changed again or the account was disabled concurrently.
    if (!loggedIn) return this.showDone(context, user);
    const cookies = [...loggedIn.cookies, this.tokens.removed('password')];
    const offered = await this.interactions.offered(context);
    if (!offered) return Reply.redirect(routes.home, { cookies });
    return this.contexts.page(
      // A previous session of this browser has ended.
      { ...context, user: undefined, session: undefined, cookies },
      'sign-in/password-set',
      { username: user.username, isLoggedIn: true, continueHref: offered.href, clientName: offered.clientName },
    );
  }

  private async showDone(context: RequestContext, user: User): Promise<Reply> {
    const offered = await this.interactions.offered(context);
    return this.contexts.page(
      context,
      'sign-in/password-set',
      { username: user.username, continueHref: offered?.href ?? routes.login, clientName: offered?.clientName },
      { cookies: [this.tokens.removed('password')] },
    );
  }

  private async show(
    context: RequestContext,
    user: User,
    token: string,
    { status, error, problem }: Shown,
  ): Promise<Reply> {
    const minimum = await this.links.minimum(user);
    return this.contexts.page(
      context,
      'sign-in/set-password',
      {
        username: user.username,
        token,
        action: routes.setPassword,
        error,
        problem,
        ...problemModel(problem === undefined ? [] : [{ field: 'password', message: problem }]),
        minimum,
      },
      { status },
    );
  }
}
