import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { allowScopes, nothingAllowed } from '@gatehouse/domain/oauth';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { DeclinedRequests, type ClientRequest } from '../protocol/authorization/declined-requests.service.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { displayHost } from '../web/display-host.js';
import { text, type Message } from '../i18n/message.js';
import type { User } from '../users/user.js';
import type { UserRequestContext, RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientRequestOf, pageOptionsOf, SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';
import { clientView } from './client-view.js';
import { requestedAccess, claimsOf, ConsentRecords, identityOf } from './consent-records.service.js';
import { ConsentTexts } from './consent-texts.service.js';
import { askGroups, clientFacts, technicalDetails } from './consent-view.js';

/** Asks the user to allow what a client requests. */
@Controller(routes.consent)
export class ConsentController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(DeclinedRequests) private readonly declined: DeclinedRequests,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
    @Inject(ConsentTexts) private readonly texts: ConsentTexts,
    @Inject(ConsentRecords) private readonly records: ConsentRecords,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const clientRequest = await this.getRequest(context, query(request).get('request'));
    // Without a session the dispatcher decides where to go.
    if (!isUser(context))
      return Reply.redirect(resumeAddress(clientRequest.interaction.id), { cookies: context.cookies });
    return this.show(context, clientRequest);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const received = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const { form, refusal } = received;
    const clientRequest = await this.getRequest(context, form.get('request') ?? query(request).get('request'));
    if (!isUser(context))
      return Reply.redirect(resumeAddress(clientRequest.interaction.id), { cookies: context.cookies });
    if (refusal) return this.show(context, clientRequest, 403, text(refusal.id));
    // The page showed this user; another tab may have changed who is signed in since.
    if (form.get('user') !== context.user.id) return this.show(context, clientRequest, 409, text('consent.changed'));
    if (form.get('confirm') === 'no') return this.declined.decline(context, clientRequest);
    if (form.get('confirm') !== 'yes') return this.show(context, clientRequest, 400, text('consent.choose'));
    const outcome = await this.records.record(context, clientRequest, form.get('client'));
    if (typeof outcome === 'object')
      return this.show(context, { ...clientRequest, client: outcome.changed }, 409, text('consent.clientChanged'));
    return Reply.redirect(resumeAddress(outcome), { cookies: context.cookies });
  }

  private async getRequest(context: RequestContext, id: string | undefined): Promise<ClientRequest> {
    const clientRequest = clientRequestOf(await this.interactions.find(context, id));
    if (!clientRequest) throw new PageError('request.expired');
    return clientRequest;
  }

  private async show(
    context: UserRequestContext,
    { interaction, client }: ClientRequest,
    status = 200,
    error?: Message,
  ): Promise<Reply> {
    const requested = requestedAccess(interaction);
    const permissions = await this.texts.of(allowScopes(nothingAllowed, requested));
    const claims = claimsOf({ interaction, client });
    return this.contexts.page(
      context,
      'sign-in/consent',
      {
        ...clientView(client, this.logos),
        heading: text(client.approvedAt === undefined ? 'consent.wants' : 'consent.title', { client: client.name }),
        unapproved: client.approvedAt === undefined,
        clientHost: interaction.kind === 'authorization' ? displayHost(interaction.request.redirectUri) : undefined,
        userCode: interaction.kind === 'device' ? interaction.device.userCode : undefined,
        account: accountOf(context.user),
        userId: context.user.id,
        clientIdentity: identityOf(client),
        groups: askGroups(permissions, claims, accountOf(context.user).name),
        facts: clientFacts(client, interaction),
        details: technicalDetails(client, { scope: requested.scope, claims, permissions }),
        pending: interaction.id,
        switchHref: `${routes.login}?request=${encodeURIComponent(interaction.id)}`,
        error,
      },
      { status, ...pageOptionsOf(interaction) },
    );
  }
}

/** How the page names the user: by name, and by what they sign in with. */
function accountOf({ name, username, email }: User): { readonly name: string; readonly sub: string | undefined } {
  return name === undefined ? { name: username, sub: email } : { name, sub: username };
}

function isUser(context: RequestContext): context is UserRequestContext {
  return context.user !== undefined && context.session !== undefined;
}
