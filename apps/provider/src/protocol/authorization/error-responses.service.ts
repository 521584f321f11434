import { Inject, Injectable } from '@nestjs/common';
import { isErrorRedirected, type AuthorizationRequest, type Client, type OAuthError } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import { ConsentsService } from '../../consents/consents.service.js';
import { schemesOf } from '../../web/form-action.js';
import { shownHost } from '../../web/shown-host.js';
import type { Visit } from '../../users/sessions/visit.js';
import { Visits } from '../../users/sessions/visits.service.js';
import { Answers } from './answers.service.js';
import type { Addressee } from './authorization-responses.service.js';
import type { Progress } from './kept-request.js';
import type { StatefulRequest } from './session-states.service.js';

/** A request that ends in an error before anybody decided anything. */
type FailedRequest = Addressee &
  StatefulRequest &
  Pick<AuthorizationRequest, 'state'> & {
    readonly silent: boolean;
    readonly client: Client | undefined;
    readonly progress: Progress | undefined;
    readonly error: OAuthError;
  };

/**
 * Answers requests that fail: by the client's response mode at once, or on a page from where the person may go on to the client
 * with the same response (RFC 9700 4.11.2).
 */
@Injectable()
export class ErrorResponses {
  constructor(
    @Inject(Answers) private readonly answers: Answers,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(Visits) private readonly visits: Visits,
  ) {}

  async answer(visit: Visit, failed: FailedRequest): Promise<Reply> {
    const response = await this.answers.deny(visit, failed, failed.error);
    return (await this.isRedirected(visit, failed)) ? response : this.page(visit, failed, response);
  }

  private async isRedirected(visit: Visit, { silent, client, progress }: FailedRequest): Promise<boolean> {
    // Without a client there is no proven redirect URI, and this is not reached.
    if (!client) return false;
    const { loggedInAt, consentedAt, selectedAt } = progress ?? {};
    const situation = { silent, client, interacted: (loggedInAt ?? consentedAt ?? selectedAt) !== undefined };
    if (isErrorRedirected({ ...situation, allowedBefore: false })) return true;
    const allowed = visit.user && (await this.consents.find(visit.user.id, client.id));
    return isErrorRedirected({ ...situation, allowedBefore: allowed !== undefined });
  }

  private page(visit: Visit, { client, redirectUri, error }: FailedRequest, { content }: Reply): Reply {
    return this.visits.page(
      { ...visit, cookies: content.cookies ?? visit.cookies },
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
