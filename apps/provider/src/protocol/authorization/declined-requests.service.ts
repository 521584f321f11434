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
  readonly kept: Exclude<Interaction, { kind: 'address' }>;
  readonly client: Client;
}

/** Ends a request that a person declines, on whichever page of a login they do so. */
@Injectable()
export class DeclinedRequests {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Interactions) private readonly kept: Interactions,
    @Inject(RequestChecks) private readonly checks: RequestChecks,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Answers the client with `access_denied` (RFC 6749 4.1.2.1), and a device at its next poll (RFC 8628 3.5).
   * @param error the error that the client of an authorization request gets instead
   * @throws PageError request.refused: its redirect URI is registered no longer; request.expired: it was answered already
   */
  async decline(context: RequestContext, { kept, client }: ClientRequest, error = accessDenied()): Promise<Reply> {
    if (kept.kind === 'device') return this.dispatcher.denyDevice(context, kept.id, kept.device);
    // It was kept for up to a day: the client may have been disabled since, or have another redirect URI.
    const check = await this.checks.recheck(kept.request, client);
    if (check.kind === 'refused')
      throw new PageError('request.refused', { cause: check.error, detail: check.error.description });
    const declined = this.store.run(async (unit) => {
      // A client that has its code already is not told that the person declined.
      this.kept.answeredFirst(unit, kept.id, context.browser.hash, context.now);
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
    return this.dispatcher.deny(context, kept.request, error);
  }
}

function accessDenied(): OAuthError {
  return new OAuthError('access_denied', 'The person said no.', { reason: 'consent.denied' });
}
