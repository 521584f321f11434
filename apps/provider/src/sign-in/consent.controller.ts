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

/** Asks a person whether a client may have what it asks for. */
@Controller(routes.consent)
export class ConsentController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly pending: SignInInteractions,
    @Inject(Interactions) private readonly kept: Interactions,
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
    const asked = await this.asked(context, query(request).get('request'));
    // Whoever is not logged in (any more) gets there by the dispatcher, which alone knows the way.
    if (!isUser(context)) return Reply.redirect(resumeAddress(asked.kept.id), { cookies: context.cookies });
    return this.show(context, asked);
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const posted = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const { form, refusal } = posted;
    const asked = await this.asked(context, form.get('request') ?? query(request).get('request'));
    if (!isUser(context)) return Reply.redirect(resumeAddress(asked.kept.id), { cookies: context.cookies });
    if (refusal) return this.show(context, asked, 403, text(refusal.id));
    // The page said on whose behalf: another tab may have changed who is logged in since.
    if (form.get('user') !== context.user.id) return this.show(context, asked, 409, text('consent.changed'));
    if (form.get('confirm') === 'no') return this.declined.decline(context, asked);
    if (form.get('confirm') !== 'yes') return this.show(context, asked, 400, text('consent.choose'));
    const outcome = await this.record(context, asked, form.get('client'));
    if (typeof outcome === 'object')
      return this.show(context, { ...asked, client: outcome.changed }, 409, text('consent.clientChanged'));
    return Reply.redirect(resumeAddress(outcome), { cookies: context.cookies });
  }

  /**
   * Records what is allowed to the client that was shown.
   * @param shown the identity of that client
   * @returns the id of the request that goes on, or the client as it is now where it is not the one that was shown
   * @throws PageError request.expired where the client is gone
   */
  private async record(
    context: UserRequestContext,
    asked: ClientRequest,
    shown: string | undefined,
  ): Promise<string | { readonly changed: Client }> {
    const { user, now, address, requestId, browser, addressKey } = context;
    const definedScopes = await this.resources.definedScopes(askedFor(asked.kept).resources);
    return this.store.run(async (unit) => {
      // The cached client may be outdated, and another process can change the row at this moment: RFC 7592 2.2.
      const client = await this.clients.lockShared(unit, asked.client.id);
      if (!client) throw new PageError('request.expired');
      if (shown !== identityOf(client)) return { changed: client };
      const { scope, resources } = askedFor(asked.kept);
      const claims = claimsOf(asked);
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
      return this.kept.advance(unit, asked.kept, 'consented', owner, now);
    });
  }

  private async asked(context: RequestContext, id: string | undefined): Promise<ClientRequest> {
    const asked = clientRequestOf(await this.pending.find(context, id));
    if (!asked) throw new PageError('request.expired');
    return asked;
  }

  private async show(
    context: UserRequestContext,
    { kept, client }: ClientRequest,
    status = 200,
    error?: Message,
  ): Promise<Reply> {
    const requested = askedFor(kept);
    const permissions = await this.texts.of(allowScopes(nothingAllowed, requested));
    const claims = claimsOf({ kept, client });
    return this.contexts.page(
      context,
      'sign-in/consent',
      {
        ...clientView(client, this.logos),
        unapproved: client.approvedAt === undefined,
        // The one thing about it that is proved.
        documentHost: client.source === 'metadata_document' ? new URL(client.id).host : undefined,
        documentUrl: client.source === 'metadata_document' ? client.id : undefined,
        clientHost: kept.kind === 'authorization' ? shownHost(kept.request.redirectUri) : undefined,
        userCode: kept.kind === 'device' ? kept.device.userCode : undefined,
        username: context.user.username,
        userId: context.user.id,
        clientIdentity: identityOf(client),
        ...permissions,
        server: [...permissions.server, ...claims.map((name) => ({ name, sentence: claimSentence(name) }))],
        scopeNames: [...requested.scope, ...claims].join(', '),
        pending: kept.id,
        switchHref: `${routes.login}?request=${encodeURIComponent(kept.id)}`,
        error,
      },
      { status, ...pageOptionsOf(kept) },
    );
  }
}

/** Tells whether the client is still the one that a page showed. */
function identityOf(client: Client): string {
  return sha256(writeClientIdentity(client)).toString('base64url');
}

/** What the request asks for by name and by none of its scopes. */
function claimsOf({ kept, client }: ClientRequest): ClaimName[] {
  if (kept.kind === 'device') return [];
  const claims = allowedClaims(kept.request.claims, client);
  return claims ? claimsBeyondScope(claims, kept.request.scope) : [];
}

function askedFor(kept: ClientRequest['kept']): Pick<AuthorizationRequest, 'scope' | 'resources'> {
  return kept.kind === 'device' ? kept.device : kept.request;
}

function isUser(context: RequestContext): context is UserRequestContext {
  return context.user !== undefined && context.session !== undefined;
}
