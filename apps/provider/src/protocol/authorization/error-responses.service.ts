import { Inject, Injectable } from '@nestjs/common';
import { isErrorRedirected, type AuthorizationRequest, type Client, type OAuthError } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import { ClientLogos } from '../../clients/client-logos.service.js';
import { ConsentsService } from '../../consents/consents.service.js';
import { errorDetails } from '../../web/error-details.js';
import { schemesOf } from '../../web/form-action.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { text } from '../../i18n/message.js';
import { canAudit } from '../../users/actor.js';
import { displayHost } from '../../web/display-host.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { AuthorizationResponder } from './authorization-responder.service.js';
import type { Addressee } from './authorization-responses.service.js';
import type { InteractionProgress } from './interaction.js';
import type { StatefulRequest } from './session-states.service.js';

/** A request that fails before the user has decided anything. */
type FailedRequest = Addressee &
  StatefulRequest &
  Pick<AuthorizationRequest, 'state'> & {
    readonly silent: boolean;
    readonly client: Client | undefined;
    readonly progress: InteractionProgress | undefined;
    readonly error: OAuthError;
  };

/**
 * Responds to requests that fail: with the error response to the client, or with a page from which the user can continue
 * to the client with the same response (RFC 9700 4.11.2).
 */
@Injectable()
export class ErrorResponses {
  constructor(
    @Inject(AuthorizationResponder) private readonly responder: AuthorizationResponder,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  /** The page for a request that may not be redirected: client or redirect URI are unproven (RFC 6749 4.1.2.1). */
  refusal(context: RequestContext, client: Client | undefined, error: OAuthError): PageError {
    return new PageError('request.refused', {
      cause: error,
      detail: error.description,
      client: client && {
        name: client.name,
        unapproved: client.approvedAt === undefined,
        logo: this.logos.addressOf(client),
        href: pageOf(client),
      },
      failedRequestHref: failedRequestOf(context),
    });
  }

  async respond(context: RequestContext, failed: FailedRequest): Promise<Reply> {
    const response = await this.responder.deny(context, failed, failed.error);
    return (await this.isRedirected(context, failed)) ? response : this.page(context, failed, response);
  }

  private async isRedirected(context: RequestContext, { silent, client, progress }: FailedRequest): Promise<boolean> {
    // Without a client no redirect URI is verified, so this is not reached.
    if (!client) return false;
    const { loggedInAt, consentedAt, selectedAt } = progress ?? {};
    const conditions = { silent, client, interacted: (loggedInAt ?? consentedAt ?? selectedAt) !== undefined };
    if (isErrorRedirected({ ...conditions, allowedBefore: false })) return true;
    const consent = context.user && (await this.consents.find(context.user.id, client.id));
    return isErrorRedirected({ ...conditions, allowedBefore: consent !== undefined });
  }

  private page(context: RequestContext, { client, redirectUri, error }: FailedRequest, { content }: Reply): Reply {
    return this.contexts.page(
      { ...context, cookies: content.cookies ?? context.cookies },
      'sign-in/client-error',
      {
        heading: text('error.client.heading', { client: client?.name }),
        details: errorDetails({
          id: 'request.refused',
          status: 400,
          requestId: context.requestId,
          detail: error.description,
          client,
        }),
        failedRequestHref: failedRequestOf(context),
        clientName: client?.name,
        clientHost: displayHost(redirectUri),
        href: content.kind === 'redirect' ? content.location : undefined,
        action: content.kind === 'form-post' ? content.action : undefined,
        fields:
          content.kind === 'form-post'
            ? Object.entries(content.parameters).map(([name, value]) => ({ name, value }))
            : undefined,
      },
      { status: 400, formActionSchemes: content.kind === 'form-post' ? schemesOf(redirectUri) : [] },
    );
  }
}

/** A page of an approved client that the user can go back to: as registered, or else the origin of its redirect URI. */
function pageOf({ approvedAt, disabledAt, clientUri, initiateLoginUri, redirectUris }: Client): string | undefined {
  if (approvedAt === undefined || disabledAt !== undefined) return undefined;
  const registered = clientUri ?? initiateLoginUri;
  if (registered !== undefined) return registered;
  const website = redirectUris.find((each) => /^https?:/.test(each));
  return website && `${new URL(website).origin}/`;
}

/** Where the user can see why this request failed, if they may. */
function failedRequestOf(context: RequestContext): string | undefined {
  const { user, session } = context;
  if (!user || !session || !canAudit({ ...context, user, session })) return undefined;
  return `${routes.failedRequests}?id=${encodeURIComponent(context.requestId)}`;
}
