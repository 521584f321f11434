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

/** True when a form of this server waits for a recent sign-in. */
function isForForm(interaction: Interaction): boolean {
  return interaction.kind === 'address' && interaction.address.startsWith(`${routes.resumeForm}/`);
}

/** Sign-in by username and password, or by a passkey alone. */
@Controller(routes.login)
// eslint-disable-next-line local/max-injected-dependencies -- page, form, interaction and metrics of a sign-in; the checks are in LoginService
export class LoginController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
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
      // `prompt=login`: a page of this server requires a new sign-in (the value comes from OpenID Connect Core 3.1.2.1).
      const fresh = parameters.get('prompt') === 'login';
      if (context.user && !fresh) return Reply.redirect(next ?? routes.home, { cookies: context.cookies });
      // A partial session: the dispatcher decides what is missing.
      if (context.session && !fresh) {
        const interactionId = await this.dispatcher.createInteraction(context, {
          kind: 'address',
          address: next ?? routes.home,
        });
        return Reply.redirect(resumeAddress(interactionId), { cookies: context.cookies });
      }
      if (next === undefined) return this.page.show(context, undefined, {});
      const interactionId = await this.dispatcher.createInteraction(context, { kind: 'address', address: next });
      return Reply.redirect(`${routes.login}?request=${encodeURIComponent(interactionId)}`, {
        cookies: context.cookies,
      });
    }
    const { interaction } = await this.interactions.find(context, id);
    return this.page.show(
      context,
      id,
      interaction
        ? { notice: isForForm(interaction) ? text('login.recent') : undefined }
        : {
            notice: text('login.late'),
          },
    );
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const received = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const { form, refusal } = received;
    const id = form.get('request') || undefined;
    const username = form.text('username').trim();
    if (refusal)
      return this.page.show(context, id ?? query(request).get('request'), {
        status: 403,
        username,
        error: text(refusal.id),
      });
    const { interaction } = await this.interactions.find(context, id);
    const account = form.get('account');
    if (account !== undefined) {
      if (interaction && mayChoose(context, interaction) && context.user?.id === account)
        return Reply.redirect(await this.interactions.select(context, interaction), { cookies: context.cookies });
      return this.page.show(context, id, { status: 409, error: text('login.changed') });
    }
    const outcome = await this.login.withPassword(
      context,
      { name: username, password: form.text('password') },
      interaction,
    );
    this.counters.loggedIn(outcome.kind);
    switch (outcome.kind) {
      case 'wrong':
        return this.page.show(context, id, { status: 401, username, error: text('login.wrong') });
      case 'throttled':
        return this.page.show(context, id, { status: 429, username, ...this.throttled() });
      case 'busy':
        return this.page.show(context, id, { status: 429, username, error: text('login.busy'), retryAfterSeconds: 2 });
      case 'logged in':
        return Reply.redirect(await this.after(context, outcome.interactionId, id), { cookies: outcome.cookies });
    }
  }

  /** Opened directly. */
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
    const { interaction } = await this.interactions.find(context, id);
    const outcome = await this.login.withPasskey(context, form.text('assertion'), interaction);
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
        return Reply.redirect(await this.after(context, outcome.interactionId, id), { cookies: outcome.cookies });
    }
  }

  private throttled(): Pick<Shown, 'error' | 'retryAfterSeconds'> {
    return {
      error: text('login.throttled'),
      retryAfterSeconds: this.settings.loginFailures.seconds,
    };
  }

  /** If the interaction no longer exists, continues with the one that this browser is offered, or else at home. */
  private async after(
    context: RequestContext,
    interactionId: string | undefined,
    id: string | undefined,
  ): Promise<string> {
    if (interactionId !== undefined) return resumeAddress(interactionId);
    if (id === undefined) return routes.home;
    return (await this.interactions.offered(context))?.href ?? routes.home;
  }
}
