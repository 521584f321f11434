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
import type { UserRequestContext, RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientRequestOf, pageOptionsOf, SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';
import { clientView } from './client-view.js';
import { requestedAccess, claimsOf, ConsentRecords, identityOf } from './consent-records.service.js';
import { ConsentTexts } from './consent-texts.service.js';
import { claimSentence } from './scope-sentences.js';

/** Asks the user to allow what a client requests. */
@Controller(routes.consent)
export class ConsentController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly pending: SignInInteractions,
    @Inject(DeclinedRequests) private readonly declined: DeclinedRequests,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
    @Inject(ConsentTexts) private readonly texts: ConsentTexts,
    @Inject(ConsentRecords) private readonly records: ConsentRecords,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const clientRequest = await this.asked(context, query(request).get('request'));
    // Without a session the dispatcher decides where to go.
    if (!isUser(context))
      return Reply.redirect(resumeAddress(clientRequest.interaction.id), { cookies: context.cookies });
    return this.show(context, clientRequest);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const posted = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const { form, refusal } = posted;
    const asked = await this.asked(context, form.get('request') ?? query(request).get('request'));
    if (!isUser(context)) return Reply.redirect(resumeAddress(asked.interaction.id), { cookies: context.cookies });
    if (refusal) return this.show(context, asked, 403, text(refusal.id));
    // The page said on whose behalf: another tab may have changed who is logged in since.
    if (form.get('user') !== context.user.id) return this.show(context, asked, 409, text('consent.changed'));
    if (form.get('confirm') === 'no') return this.declined.decline(context, asked);
    if (form.get('confirm') !== 'yes') return this.show(context, asked, 400, text('consent.choose'));
    const outcome = await this.records.record(context, asked, form.get('client'));
    if (typeof outcome === 'object')
      return this.show(context, { ...asked, client: outcome.changed }, 409, text('consent.clientChanged'));
    return Reply.redirect(resumeAddress(outcome), { cookies: context.cookies });
  }

  private async asked(context: RequestContext, id: string | undefined): Promise<ClientRequest> {
    const asked = clientRequestOf(await this.pending.find(context, id));
    if (!asked) throw new PageError('request.expired');
    return asked;
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
        unapproved: client.approvedAt === undefined,
        // The only property of such a client that is verified.
        documentHost: client.source === 'metadata_document' ? new URL(client.id).host : undefined,
        documentUrl: client.source === 'metadata_document' ? client.id : undefined,
        clientHost: interaction.kind === 'authorization' ? displayHost(interaction.request.redirectUri) : undefined,
        userCode: interaction.kind === 'device' ? interaction.device.userCode : undefined,
        username: context.user.username,
        userId: context.user.id,
        clientIdentity: identityOf(client),
        ...permissions,
        server: [...permissions.server, ...claims.map((name) => ({ name, sentence: claimSentence(name) }))],
        scopeNames: [...requested.scope, ...claims].join(', '),
        pending: interaction.id,
        switchHref: `${routes.login}?request=${encodeURIComponent(interaction.id)}`,
        error,
      },
      { status, ...pageOptionsOf(interaction) },
    );
  }
}

function isUser(context: RequestContext): context is UserRequestContext {
  return context.user !== undefined && context.session !== undefined;
}
