import { Controller, Get, Inject, Param, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text, type Text } from '../i18n/message.js';
import { nextAddress } from '../web/next-address.js';
import { PageError } from '../web/page-error.js';
import { Pages } from '../web/pages.service.js';
import { routes } from '../web/routes.js';
import { schemesOf, type Provider } from '../providers/provider.js';
import { ProvidersService } from '../providers/providers.service.js';
import { RequestContexts, type RequestContext } from '../session/request-contexts.service.js';
import type { LoginFlow } from './login-flow.js';
import { LoginFlows } from './login-flows.service.js';
import { recoveryLinkTo } from './login-problem.js';
import { LoginService } from './login.service.js';

const maxQueryCharacters = 8000;

/** The login page, the start of a login, and the redirect URI. */
@Controller()
export class LoginController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(LoginFlows) private readonly flows: LoginFlows,
    @Inject(LoginService) private readonly logins: LoginService,
  ) {}

  @Get(routes.login)
  async choose(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const next = nextAddress(query(request).get('next'));
    const providers = (await this.providers.list()).map(({ id, name, issuer }) => ({ id, name, issuer }));
    return this.pages.page(context, 'login/choose', { providers, next }, { formActionSchemes: schemesOf(providers) });
  }

  /** For links and bookmarks: a page with a button. A GET, which any site can trigger, must not start a login. */
  @Get(`${routes.login}/:provider`)
  async showPrompt(@Req() request: WebRequest, @Param('provider') id: string): Promise<Reply> {
    const context = await this.contexts.open(request);
    return this.showStartPage(context, await this.get(id), { next: nextAddress(query(request).get('next')) });
  }

  @Post(`${routes.login}/:provider`)
  async begin(@Req() request: WebRequest, @Param('provider') id: string): Promise<Reply> {
    const context = await this.contexts.post(request);
    const provider = await this.get(id);
    const { form, refusal } = context.posted;
    const next = nextAddress(form.get('next'));
    if (refusal) return this.showStartPage(context, provider, { next, refusal: text(refusal.id) });
    return this.pages.redirect(context, await this.logins.begin(context, provider, next));
  }

  /** The redirection endpoint (RFC 6749 3.1.2). */
  @Get(routes.callback)
  async authorized(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    if (request.originalUrl.length > maxQueryCharacters)
      throw new PageError('request.invalid', { detail: text('error.detail.addressLong') });
    // RFC 6749 3.1: parameters must not be repeated, so the whole response is rejected.
    const parameters = new URLSearchParams([...query(request).protocolParameters()]);
    const flow = await this.flows.find(parameters.get('state') ?? undefined, context.guard.browser.hash, context.now);
    if (!flow) throw new PageError('login.unknown');
    if (flow.consumed) return this.handleRepeatedResponse(context, flow);
    const provider = await this.providers.find(flow.providerId);
    if (!provider || provider.issuer !== flow.content.issuer || provider.clientId !== flow.content.clientId)
      throw new PageError('provider.not_found', {
        detail: text('error.detail.changed'),
        wayOn: { next: flow.content.next },
      });
    if (!(await this.store.run((unit) => this.flows.consume(unit, flow, context.now))))
      return this.handleRepeatedResponse(context, flow, provider);
    const cookie = await this.logins.finish(context, flow, provider, parameters);
    return this.pages.redirect(context, flow.content.next, [cookie]);
  }

  private showStartPage(
    context: RequestContext,
    { id, name, issuer }: Provider,
    { next, refusal }: { readonly next: string; readonly refusal?: Text },
  ): Reply {
    const options = { status: refusal === undefined ? 200 : 403, formActionSchemes: schemesOf([{ issuer }]) };
    return this.pages.page(context, 'login/begin', { provider: { id, name, issuer }, next, refusal }, options);
  }

  private async get(id: string): Promise<Provider> {
    const provider = await this.providers.find(id);
    if (!provider) throw new PageError('provider.not_found');
    return provider;
  }

  /** The back button, a reload, a second click: with a session the user continues, otherwise the login starts again. */
  private async handleRepeatedResponse(context: RequestContext, flow: LoginFlow, known?: Provider): Promise<Reply> {
    const { next } = flow.content;
    if (context.session) return this.pages.redirect(context, next);
    const provider = known ?? (await this.providers.find(flow.providerId));
    throw new PageError('login.repeated', { wayOn: provider ? recoveryLinkTo(provider, next) : { next } });
  }
}
