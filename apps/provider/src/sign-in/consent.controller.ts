import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { sha256 } from '@gatehouse/domain/kernel';
import {
  allowScopes,
  nothingAllowed,
  writeClientIdentity,
  type AuthorizationRequest,
  type Client,
} from '@gatehouse/domain/oauth';
import { allowedClaims, claimsBeyondScope, type ClaimName } from '@gatehouse/domain/oidc';
import { Store } from '@gatehouse/platform/database/store';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { AuditService } from '../audit/audit.service.js';
import { DeclinedRequests, type ClientRequest } from '../protocol/authorization/declined-requests.service.js';
import { Interactions } from '../protocol/authorization/interactions.service.js';
import { ClientLogos } from '../clients/client-logos.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { ConsentsService } from '../consents/consents.service.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { shownHost } from '../web/display-host.js';
import { ResourcesService } from '../resources/resources.service.js';
import { text, type Message } from '../i18n/message.js';
import type { UserRequestContext, RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { clientRequestOf, pageOptionsOf, SignInInteractions, resumeAddress } from './sign-in-interactions.service.js';
import { clientView } from './client-view.js';
import { ConsentTexts } from './consent-texts.service.js';
import { claimSentence } from './scope-sentences.js';

/** Asks the user to allow what a client requests. */
@Controller(routes.consent)
export class ConsentController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly signInInteractions: SignInInteractions,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(DeclinedRequests) private readonly declined: DeclinedRequests,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
    @Inject(ConsentTexts) private readonly texts: ConsentTexts,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const clientRequest = await this.getClientRequest(context, query(request).get('request'));
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
    const clientRequest = await this.getClientRequest(context, form.get('request') ?? query(request).get('request'));
    if (!isUser(context))
      return Reply.redirect(resumeAddress(clientRequest.interaction.id), { cookies: context.cookies });
    if (refusal) return this.show(context, clientRequest, 403, text(refusal.id));
    // The form names the user who saw it: another tab may have signed in another user since.
    if (form.get('user') !== context.user.id) return this.show(context, clientRequest, 409, text('consent.changed'));
    if (form.get('confirm') === 'no') return this.declined.decline(context, clientRequest);
    if (form.get('confirm') !== 'yes') return this.show(context, clientRequest, 400, text('consent.choose'));
    const outcome = await this.record(context, clientRequest, form.get('client'));
    if (typeof outcome === 'object')
      return this.show(context, { ...clientRequest, client: outcome.changed }, 409, text('consent.clientChanged'));
    return Reply.redirect(resumeAddress(outcome), { cookies: context.cookies });
  }

  /**
   * Records the consent for the client that the page showed.
   * @param shown the identity of that client
   * @returns the id of the interaction to resume, or the current client if it differs from the one that was shown
   * @throws PageError request.expired when the client no longer exists
   */
  private async record(
    context: UserRequestContext,
    clientRequest: ClientRequest,
    shown: string | undefined,
  ): Promise<string | { readonly changed: Client }> {
    const { user, now, address, requestId, browser, addressKey } = context;
    const definedScopes = await this.resources.definedScopes(requestedAccess(clientRequest.interaction).resources);
    return this.store.run(async (unit) => {
      // The cached client may be stale, and another process can change the row concurrently: RFC 7592 2.2.
      const client = await this.clients.lockShared(unit, clientRequest.client.id);
      if (!client) throw new PageError('request.expired');
      if (shown !== identityOf(client)) return { changed: client };
      const { scope, resources } = requestedAccess(clientRequest.interaction);
      const claims = claimsOf(clientRequest);
      const consent = { userId: user.id, clientId: client.id, scope, claims, resources, definedScopes };
      await this.consents.record(unit, consent, now);
      await this.audit.record(unit, {
        type: 'consent.recorded',
        actorId: user.id,
        clientId: client.id,
        address,
        requestId,
      });
      const owner = { browserHash: browser.hash, addressKey, userId: user.id };
      return this.interactions.advance(unit, clientRequest.interaction, 'consented', owner, now);
    });
  }

  private async getClientRequest(context: RequestContext, id: string | undefined): Promise<ClientRequest> {
    const clientRequest = clientRequestOf(await this.signInInteractions.find(context, id));
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
        unapproved: client.approvedAt === undefined,
        // The only property of such a client that is verified.
        documentHost: client.source === 'metadata_document' ? new URL(client.id).host : undefined,
        documentUrl: client.source === 'metadata_document' ? client.id : undefined,
        clientHost: interaction.kind === 'authorization' ? shownHost(interaction.request.redirectUri) : undefined,
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

/** Digest by which a submitted form shows that the client is still the one on the page. */
function identityOf(client: Client): string {
  return sha256(writeClientIdentity(client)).toString('base64url');
}

/** Claims that the request asks for by name and that none of its scopes includes. */
function claimsOf({ interaction, client }: ClientRequest): ClaimName[] {
  if (interaction.kind === 'device') return [];
  const claims = allowedClaims(interaction.request.claims, client);
  return claims ? claimsBeyondScope(claims, interaction.request.scope) : [];
}

function requestedAccess(interaction: ClientRequest['interaction']): Pick<AuthorizationRequest, 'scope' | 'resources'> {
  return interaction.kind === 'device' ? interaction.device : interaction.request;
}

function isUser(context: RequestContext): context is UserRequestContext {
  return context.user !== undefined && context.session !== undefined;
}
