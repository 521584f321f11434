import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text, type Text } from '../i18n/message.js';
import { nextAddress } from '../web/next-address.js';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { RequestContexts, type RequestContext } from '../session/request-contexts.service.js';
import { AdminPassword } from './admin-password.service.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { ProviderAdmins } from './provider-admins.service.js';
import { schemesOf } from './provider.js';
import { ProvidersService } from './providers.service.js';

/** Asks for the client's admin password, or shows the alternative. */
@Controller()
export class UnlockController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProviderAdmins) private readonly admins: ProviderAdmins,
    @Inject(AdminPassword) private readonly password: AdminPassword,
    @Inject(AdminSessionsService) private readonly sessions: AdminSessionsService,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
  ) {}

  @Get(routes.unlockProviders)
  async ask(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const next = nextOf(query(request).get('next'));
    if (await this.admins.admits(context)) return this.pages.redirect(context, next);
    return this.show(context, next);
  }

  @Post(routes.unlockProviders)
  async unlock(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.post(request);
    const { form, refusal } = context.posted;
    const next = nextOf(form.get('next'));
    if (refusal) return this.show(context, next, { refusal: text(refusal.id), status: 403 });
    const outcome = await this.password.check(form.text('password'), context.addressKey, context.now);
    if (outcome === 'right') {
      const cookie = await this.store.run((unit) => this.sessions.start(unit, context.now));
      return this.pages.redirect(context, next, [cookie]);
    }
    const status = outcome === 'throttled' ? 429 : 403;
    return this.show(context, next, { problem: text(`unlock.${outcome}`), status });
  }

  @Post(routes.lockProviders)
  async lock(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.post(request);
    if (context.posted.refusal) return this.pages.redirect(context, routes.providers);
    const cookie = await this.store.run((unit) => this.sessions.end(unit, request));
    return this.pages.redirect(context, routes.home, [cookie]);
  }

  private async show(
    context: RequestContext,
    next: string,
    options: { problem?: Text; refusal?: Text; status?: number } = {},
  ): Promise<Reply> {
    const seeded = (await this.providers.list())
      .filter((provider) => provider.seeded)
      .map(({ id, name, issuer }) => ({ id, name, issuer }));
    const { problem, refusal, status = 200 } = options;
    const firstProblem = problem && 'password';
    const model = { next, seeded: seeded[0], problem, firstProblem, refusal, passwordIsSet: this.password.isSet };
    const headers = status === 429 ? { 'Retry-After': String(AdminPassword.retryAfterSeconds) } : {};
    return this.pages.page(context, 'providers/unlock', model, {
      status,
      headers,
      formActionSchemes: schemesOf(seeded),
    });
  }
}

/** Only provider pages require it. */
function nextOf(text: string | undefined): string {
  const next = nextAddress(text);
  return next.startsWith(`${routes.providers}/`) && !next.startsWith(routes.unlockProviders) ? next : routes.providers;
}
