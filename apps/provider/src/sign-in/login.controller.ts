import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { localAddress } from '@gatehouse/platform/http/local-address';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { Dispatcher } from '../protocol/authorization/dispatcher.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Counters } from '../monitoring/counters.js';
import { routes } from '../web/routes.js';
import { text } from '../i18n/message.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { LoginPage, mayChoose, type Shown } from './login-page.js';
import { LoginService } from './login.service.js';
import { SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';

/** A form of ours waits for a recent sign-in. */
function isForForm(kept: Interaction): boolean {
  return kept.kind === 'address' && kept.address.startsWith(`${routes.resumeForm}/`);
}

/** Login by username and password, or by a passkey alone. */
@Controller(routes.login)
export class LoginController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(SignInInteractions) private readonly pending: SignInInteractions,
    @Inject(LoginService) private readonly login: LoginService,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(LoginPage) private readonly page: LoginPage,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const parameters = query(request);
    const id = parameters.get('request');
    if (id === undefined) {
      const next = localAddress(parameters.get('next'));
      // `prompt=login`: a page of ours wants a login that is fresh (the word is OpenID Connect Core 3.1.2.1's).
      const fresh = parameters.get('prompt') === 'login';
      if (context.user && !fresh) return Reply.redirect(next ?? routes.home, { cookies: context.cookies });
      // Half logged in: the dispatcher knows what is missing.
      if (context.session && !fresh) {
        const kept = await this.dispatcher.keep(context, { kind: 'address', address: next ?? routes.home });
        return Reply.redirect(resumeAddress(kept), { cookies: context.cookies });
      }
      if (next === undefined) return this.page.show(context, undefined, {});
      const kept = await this.dispatcher.keep(context, { kind: 'address', address: next });
      return Reply.redirect(`${routes.login}?request=${encodeURIComponent(kept)}`, { cookies: context.cookies });
    }
    const { kept } = await this.pending.find(context, id);
    return this.page.show(
      context,
      id,
      kept
        ? { notice: isForForm(kept) ? text('login.recent') : undefined }
        : {
            notice: text('login.late'),
          },
    );
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const posted = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const { form, refusal } = posted;
    const id = form.get('request') || undefined;
    const username = form.text('username').trim();
    if (refusal)
      return this.page.show(context, id ?? query(request).get('request'), {
        status: 403,
        username,
        error: text(refusal.id),
      });
    const { kept } = await this.pending.find(context, id);
    const account = form.get('account');
    if (account !== undefined) {
      if (kept && mayChoose(context, kept) && context.user?.id === account)
        return Reply.redirect(await this.pending.select(context, kept), { cookies: context.cookies });
      return this.page.show(context, id, { status: 409, error: text('login.changed') });
    }
    const outcome = await this.login.withPassword(context, { name: username, password: form.text('password') }, kept);
    this.counters.loggedIn(outcome.kind);
    switch (outcome.kind) {
      case 'wrong':
        return this.page.show(context, id, { status: 401, username, error: text('login.wrong') });
      case 'throttled':
        return this.page.show(context, id, { status: 429, username, ...this.throttled() });
      case 'busy':
        return this.page.show(context, id, { status: 429, username, error: text('login.busy'), retryAfterSeconds: 2 });
      case 'logged in':
        return Reply.redirect(await this.after(context, outcome.keptId, id), { cookies: outcome.cookies });
    }
  }

  /** Where somebody comes who opens that address by hand. */
  @Get('passkey')
  passkeyForm(): Reply {
    return Reply.redirect(routes.login);
  }

  @Post('passkey')
  async submitPasskey(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request, { limitBytes: 32 * 1024 });
    const context = await this.contexts.open(request);
    const id = form.get('request') || undefined;
    if (refusal) return this.page.show(context, id, { status: 403, error: text(refusal.id) });
    const { kept } = await this.pending.find(context, id);
    const outcome = await this.login.withPasskey(context, form.text('assertion'), kept);
    this.counters.loggedIn(outcome.kind);
    switch (outcome.kind) {
      case 'wrong':
        return this.page.show(context, id, {
          status: 401,
          error: text('login.wrongPasskey'),
        });
      case 'throttled':
        return this.page.show(context, id, { status: 429, ...this.throttled() });
      case 'logged in':
        return Reply.redirect(await this.after(context, outcome.keptId, id), { cookies: outcome.cookies });
    }
  }

  private throttled(): Pick<Shown, 'error' | 'retryAfterSeconds'> {
    return {
      error: text('login.throttled'),
      retryAfterSeconds: this.settings.loginFailures.seconds,
    };
  }

  /** A request that was lost meanwhile still has a newest sibling, or else there is home. */
  private async after(context: RequestContext, keptId: string | undefined, id: string | undefined): Promise<string> {
    if (keptId !== undefined) return resumeAddress(keptId);
    if (id === undefined) return routes.home;
    return (await this.pending.offered(context))?.href ?? routes.home;
  }
}
