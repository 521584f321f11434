import { Inject, Injectable } from '@nestjs/common';
import { isErrorRedirected, type AuthorizationRequest, type Client, type OAuthError } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import { ConsentsService } from '../../consents/consents.service.js';
import { schemesOf } from '../../web/form-action.js';
import { shownHost } from '../../web/display-host.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { AuthorizationResponder } from './authorization-responder.service.js';
import type { Addressee } from './authorization-responses.service.js';
import type { InteractionProgress } from './interaction.js';
import type { StatefulRequest } from './session-states.service.js';

/** A request that ends in an error before anybody decided anything. */
type FailedRequest = Addressee &
  StatefulRequest &
  Pick<AuthorizationRequest, 'state'> & {
    readonly silent: boolean;
    readonly client: Client | undefined;
    readonly progress: InteractionProgress | undefined;
    readonly error: OAuthError;
  };

/**
 * Answers requests that fail: by the client's response mode at once, or on a page from where the person may go on to the client
 * with the same response (RFC 9700 4.11.2).
 */
@Injectable()
export class ErrorResponses {
  constructor(
    @Inject(AuthorizationResponder) private readonly answers: AuthorizationResponder,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  async answer(context: RequestContext, failed: FailedRequest): Promise<Reply> {
    const response = await this.answers.deny(context, failed, failed.error);
    return (await this.isRedirected(context, failed)) ? response : this.page(context, failed, response);
  }

  private async isRedirected(context: RequestContext, { silent, client, progress }: FailedRequest): Promise<boolean> {
    // Without a client there is no proven redirect URI, and this is not reached.
    if (!client) return false;
    const { loggedInAt, consentedAt, selectedAt } = progress ?? {};
    const situation = { silent, client, interacted: (loggedInAt ?? consentedAt ?? selectedAt) !== undefined };
    if (isErrorRedirected({ ...situation, allowedBefore: false })) return true;
    const allowed = context.user && (await this.consents.find(context.user.id, client.id));
    return isErrorRedirected({ ...situation, allowedBefore: allowed !== undefined });
  }

  private page(context: RequestContext, { client, redirectUri, error }: FailedRequest, { content }: Reply): Reply {
    return this.contexts.page(
      { ...context, cookies: content.cookies ?? context.cookies },
      'sign-in/client-error',
      {
        nav: [],
        status: 400,
        id: 'request.refused',
        detail: error.description,
        clientName: client?.name,
        clientHost: shownHost(redirectUri),
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
