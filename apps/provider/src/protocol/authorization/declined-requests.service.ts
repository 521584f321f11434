import { Inject, Injectable } from '@nestjs/common';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store } from '@gatehouse/platform/database/store';
import type { Reply } from '@gatehouse/platform/http/reply';
import { AuditService } from '../../audit/audit.service.js';
import { PageError } from '../../web/page-error.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { Dispatcher } from './dispatcher.service.js';
import type { Interaction } from './interaction.js';
import { Interactions } from './interactions.service.js';
import { RequestChecks } from './request-checks.service.js';

/** A request that a client waits for, and that client. */
export interface ClientRequest {
  readonly interaction: Exclude<Interaction, { kind: 'address' }>;
  readonly client: Client;
}

/** Ends a request that the user declines on any page of the interaction. */
@Injectable()
export class DeclinedRequests {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(RequestChecks) private readonly checks: RequestChecks,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Responds to the client with `access_denied` (RFC 6749 4.1.2.1), to a device at its next poll (RFC 8628 3.5).
   * @param error replaces `access_denied` for an authorization request
   * @throws PageError request.refused: the redirect URI is no longer registered; request.expired: the request has already been answered
   */
  async decline(
    context: RequestContext,
    { interaction, client }: ClientRequest,
    error = accessDenied(),
  ): Promise<Reply> {
    if (interaction.kind === 'device') return this.dispatcher.denyDevice(context, interaction.id, interaction.device);
    // The interaction may be up to a day old: the client may have been disabled, or have another redirect URI.
    const check = await this.checks.recheck(interaction.request, client);
    if (check.kind === 'refused')
      throw new PageError('request.refused', { cause: check.error, detail: check.error.description });
    const declined = this.store.run(async (unit) => {
      // A client that already has its code does not learn that the user declined.
      this.interactions.claimAnswer(unit, interaction.id, context.browser.hash, context.now);
      // Without a session there is no user to record, and no limit on how often an unauthenticated caller could repeat it.
      if (!context.session) return;
      await this.audit.record(unit, {
        type: 'consent.denied',
        actorId: context.session.userId,
        clientId: client.id,
        address: context.address,
        requestId: context.requestId,
      });
    });
    try {
      await declined;
    } catch (cause) {
      if (cause instanceof ConcurrencyConflict) throw new PageError('request.expired', { cause });
      throw cause;
    }
    return this.dispatcher.deny(context, interaction.request, error);
  }
}

function accessDenied(): OAuthError {
  return new OAuthError('access_denied', 'The user denied the request.', { reason: 'consent.denied' });
}
