import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { logoutTokenClaims } from '@gatehouse/domain/oidc';
import type { Unit } from '@gatehouse/platform/database/store';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import { newId } from '@gatehouse/platform/secrets/random';
import { ClientsService } from '../../clients/clients.service.js';
import { logoutKinds, LogoutFailures } from '../../clients/logout-failures.service.js';
import { Subjects } from '../../clients/subjects.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { ResponseTokens } from '../../tokens/response-tokens.service.js';
import type { Delivery, DeliveryAttempt, OutboxKind } from '../../outbox/outbox-kind.js';
import { Outbox } from '../../outbox/outbox.service.js';
import { SessionsService, type EndedSession } from '../../users/sessions/sessions.service.js';
import { LogoutAudience } from './logout-audience.service.js';

/** The stored part of a logout notification: the token itself is created for each attempt. */
interface Notice {
  readonly clientId: string;
  readonly userId: string;
  readonly sessionId: string;
}

/** A status of 400 is a deliberate rejection: a few more attempts help if the cause is clock skew or an outage at the client. */
const maxRejections = 3;

const maxAttempts = 60;

/** Unapproved clients can be registered without limit: at most this many of them are notified per session. */
export const maxUnapprovedPerSession = 10;

/**
 * Notifies the clients of a session that it ended (OpenID Connect Back-Channel Logout 1.0): the messages are written in
 * the unit of work that ends the session, and the outbox delivers them. Unapproved clients have a separate kind, so that
 * addresses of unapproved clients cannot delay the logouts of approved clients.
 */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- the steps of a logout token (audience, signature, delivery, failures) are services already
export class BackchannelLogout implements OnModuleInit {
  private readonly approved = this.kind(logoutKinds[0], 16);
  private readonly unapproved = this.kind(logoutKinds[1], 4);

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LogoutAudience) private readonly audience: LogoutAudience,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(LogoutFailures) private readonly failures: LogoutFailures,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(ResponseTokens) private readonly tokens: ResponseTokens,
    @Inject(Outbound) private readonly outbound: Outbound,
  ) {}

  onModuleInit(): void {
    this.outbox.register(this.approved);
    this.outbox.register(this.unapproved);
    this.sessions.addListener({ sessionEnded: (unit, session, now) => this.write(unit, session, now) });
  }

  private kind(name: string, maxAtOnce: number): OutboxKind {
    return {
      name,
      maxAtOnce,
      lifetimeSeconds: 24 * 3600,
      maxAttempts,
      deliver: (payload, attempt) => this.deliver(payload, attempt),
    };
  }

  private async deliver(payload: unknown, attempt: DeliveryAttempt): Promise<Delivery> {
    // Written by `write` and sealed since.
    const notice = payload as Notice;
    const client = await this.clients.find(notice.clientId);
    if (client?.backchannelLogoutUri === undefined)
      return { outcome: 'give up', reason: 'the client no longer has a back-channel logout URI' };
    const uri = client.backchannelLogoutUri;
    const delivery = await this.send(uri, await this.sign(client, notice, attempt.now), attempt);
    if (delivery.outcome === 'delivered') await this.failures.clear(client.id);
    // Aborted by the shutdown of this process: not a failure of the client.
    else if (delivery.reason !== 'aborted')
      await this.failures.record(
        { id: client.id, uri },
        { reason: delivery.reason, retried: delivery.outcome === 'retry' && attempt.number < maxAttempts },
        attempt.now,
      );
    return delivery;
  }

  private async send(uri: string, token: string, attempt: DeliveryAttempt): Promise<Delivery> {
    try {
      const response = await this.outbound.fetch(uri, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: token }).toString(),
        redirect: 'error',
        signal: attempt.signal,
      });
      return outcomeOf(response.status, attempt.number);
    } catch (error) {
      if (error instanceof OutboundRefused) return outcomeOfError(error);
      throw error;
    }
  }

  private async write(unit: Unit, session: EndedSession, now: EpochSeconds): Promise<void> {
    let unapproved = 0;
    for (const client of await this.audience.of(unit, session.id)) {
      if (client.backchannelLogoutUri === undefined) continue;
      if (client.approvedAt === undefined && ++unapproved > maxUnapprovedPerSession) continue;
      const kind = client.approvedAt === undefined ? this.unapproved : this.approved;
      const notice: Notice = { clientId: client.id, userId: session.userId, sessionId: session.id };
      const { origin } = new URL(client.backchannelLogoutUri);
      await this.outbox.add(unit, { kind: kind.name, destination: origin, payload: notice }, now);
    }
  }

  /** A new token for each attempt (2.4): with a new `jti`, valid for two minutes. */
  private async sign(client: Client, { userId, sessionId }: Notice, now: EpochSeconds): Promise<string> {
    const claims = logoutTokenClaims({
      issuer: this.settings.issuer,
      subject: await this.subjects.of(client, userId),
      clientId: client.id,
      sessionId,
      id: newId(),
      now,
    });
    return this.tokens.logoutToken(client, claims, now);
  }
}

/** Interprets the response (2.5, 2.8): 200 is success, and 204, which frameworks send for an empty body. */
function outcomeOf(status: number, attempt: number): Delivery {
  const reason = `status ${status}`;
  if (status === 200 || status === 204) return { outcome: 'delivered' };
  if (status === 400) return attempt >= maxRejections ? { outcome: 'give up', reason } : { outcome: 'retry', reason };
  return { outcome: 'retry', reason, destinationDown: status >= 500 || status === 429 };
}

function outcomeOfError({ reason }: OutboundRefused): Delivery {
  // Retrying cannot fix these: an operator changes the client or GATEHOUSE_OUTBOUND_ALLOW and retries the message.
  if (reason === 'scheme' || reason === 'address' || reason === 'credentials')
    return { outcome: 'give up', reason: `not allowed: ${reason}` };
  return {
    outcome: 'retry',
    reason,
    destinationDown: reason === 'network' || reason === 'timeout' || reason === 'name',
  };
}
