import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { localAddress } from '@gatehouse/server/web/local-address';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { Dispatcher } from '../authorization/dispatcher.service.js';
import type { KeptRequest } from '../authorization/kept-request.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Ceremonies } from '../factors/ceremonies.service.js';
import { Counters } from '../http/counters.js';
import { routes } from '../http/routes.js';
import { type Sentence, text } from '../texts/text.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { clientView } from './client-view.js';
import { LoginService } from './login.service.js';
import { pageOptionsOf, PendingLogins, resumeAddress } from './pending.service.js';

interface Shown {
  readonly status?: number;
  readonly username?: string;
  readonly error?: Sentence;
  readonly notice?: Sentence | undefined;
  readonly retryAfterSeconds?: number;
}

/** Login by username and password, or by a passkey alone. */
@Controller(routes.login)
export class LoginController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(LoginService) private readonly login: LoginService,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const parameters = query(request);
    const id = parameters.get('request');
    if (id === undefined) {
      const next = localAddress(parameters.get('next'));
      // `prompt=login`: a page of ours wants a login that is fresh (the word is OpenID Connect Core 3.1.2.1's).
      const fresh = parameters.get('prompt') === 'login';
      if (visit.user && !fresh) return Reply.redirect(next ?? routes.home, { cookies: visit.cookies });
      // Half logged in: the dispatcher knows what is missing.
      if (visit.session && !fresh) {
        const kept = await this.dispatcher.keep(visit, { kind: 'address', address: next ?? routes.home });
        return Reply.redirect(resumeAddress(kept), { cookies: visit.cookies });
      }
      if (next === undefined) return this.show(visit, undefined, {});
      const kept = await this.dispatcher.keep(visit, { kind: 'address', address: next });
      return Reply.redirect(`${routes.login}?request=${encodeURIComponent(kept)}`, { cookies: visit.cookies });
    }
    const { kept } = await this.pending.find(visit, id);
    return this.show(
      visit,
      id,
      kept
        ? {}
        : {
            notice: text('login.late'),
          },
    );
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const posted = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const { form, refusal } = posted;
    const id = form.get('request') || undefined;
    const username = form.text('username').trim();
    if (refusal)
      return this.show(visit, id ?? query(request).get('request'), { status: 403, username, error: text(refusal.id) });
    const { kept } = await this.pending.find(visit, id);
    const account = form.get('account');
    if (account !== undefined) {
      if (kept && mayChoose(visit, kept) && visit.user?.id === account)
        return Reply.redirect(await this.pending.select(visit, kept), { cookies: visit.cookies });
      return this.show(visit, id, { status: 409, error: text('login.changed') });
    }
    const outcome = await this.login.withPassword(visit, { username, password: form.text('password') }, kept);
    this.counters.loggedIn(outcome.kind);
    switch (outcome.kind) {
      case 'wrong':
        return this.show(visit, id, { status: 401, username, error: text('login.wrong') });
      case 'throttled':
        return this.show(visit, id, { status: 429, username, ...this.throttled() });
      case 'logged in':
        return Reply.redirect(await this.after(visit, outcome.keptId, id), { cookies: outcome.cookies });
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
    const visit = await this.visits.open(request);
    const id = form.get('request') || undefined;
    if (refusal) return this.show(visit, id, { status: 403, error: text(refusal.id) });
    const { kept } = await this.pending.find(visit, id);
    const outcome = await this.login.withPasskey(visit, form.text('assertion'), kept);
    this.counters.loggedIn(outcome.kind);
    switch (outcome.kind) {
      case 'wrong':
        return this.show(visit, id, {
          status: 401,
          error: text('login.wrongPasskey'),
        });
      case 'throttled':
        return this.show(visit, id, { status: 429, ...this.throttled() });
      case 'logged in':
        return Reply.redirect(await this.after(visit, outcome.keptId, id), { cookies: outcome.cookies });
    }
  }

  private throttled(): Pick<Shown, 'error' | 'retryAfterSeconds'> {
    return {
      error: text('login.throttled'),
      retryAfterSeconds: this.settings.loginFailures.seconds,
    };
  }

  /** A request that was lost meanwhile still has a newest sibling, or else there is home. */
  private async after(visit: Visit, keptId: string | undefined, id: string | undefined): Promise<string> {
    if (keptId !== undefined) return resumeAddress(keptId);
    if (id === undefined) return routes.home;
    return (await this.pending.newest(visit))?.href ?? routes.home;
  }

  private async show(visit: Visit, id: string | undefined, shown: Shown): Promise<Reply> {
    const { kept, client } = await this.pending.find(visit, id);
    const elsewhere = kept ? undefined : await this.pending.newest(visit);
    const chooses = kept !== undefined && mayChoose(visit, kept);
    const goesOn =
      visit.user && kept && !asksForLogin(kept)
        ? { href: resumeAddress(kept.id), clientName: client?.name }
        : elsewhere;
    return this.visits.page(
      visit,
      'interaction/login',
      {
        heading: chooses ? text('login.choose') : text('login.title'),
        account: chooses && visit.user ? { id: visit.user.id, username: visit.user.username } : undefined,
        ...clientView(client, this.logos),
        pending: kept?.id,
        username: shown.username ?? (kept?.kind === 'authorization' ? kept.request.loginHint : undefined) ?? '',
        error: shown.error,
        notice: shown.notice,
        loggedInAs: chooses ? undefined : visit.user?.username,
        passkeyOptions: await this.ceremonies.loginOptions(visit),
        usesPasskeys: this.ceremonies.possible,
        continueHref: goesOn?.href,
        continueName: goesOn?.clientName,
        signUpHref:
          this.settings.signUp === 'open'
            ? routes.signUp + (kept ? `?request=${encodeURIComponent(kept.id)}` : '')
            : undefined,
      },
      {
        status: shown.status ?? 200,
        ...pageOptionsOf(kept),
        ...(shown.retryAfterSeconds === undefined
          ? {}
          : { headers: { 'Retry-After': String(shown.retryAfterSeconds) } }),
      },
    );
  }
}

/** True where the client wants the person to choose, and the login that there is would do (OpenID Connect Core 3.1.2.1). */
function mayChoose({ user, session, now }: Visit, kept: KeptRequest): boolean {
  if (!user || !session || kept.kind !== 'authorization') return false;
  const { prompt, maxAge } = kept.request;
  return (
    prompt.includes('select_account') &&
    !prompt.includes('login') &&
    (maxAge === undefined || now - session.authTime < maxAge)
  );
}

/** True while the request insists on a fresh login: then there is nothing to continue with. */
function asksForLogin(kept: KeptRequest): boolean {
  return (
    kept.kind === 'authorization' &&
    kept.progress.loggedInAt === undefined &&
    (kept.request.prompt.includes('login') ||
      kept.request.prompt.includes('select_account') ||
      kept.request.maxAge !== undefined)
  );
}
