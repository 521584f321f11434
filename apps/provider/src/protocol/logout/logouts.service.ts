import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { frontchannelLogoutAddress } from '@gatehouse/domain/oidc';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../../audit/audit.service.js';
import { Interactions } from '../authorization/interactions.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import type { Session } from '../../users/sessions/session.js';
import { SessionsService } from '../../users/sessions/sessions.service.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { LogoutAudience } from './logout-audience.service.js';

/** Frames on one page: further clients are notified by back-channel logout, or not at all. */
const maxFrames = 50;

/** Ends a session and determines which clients the browser notifies. */
@Injectable()
export class Logouts {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LogoutAudience) private readonly audience: LogoutAudience,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * @param clientId the client that requested the logout; undefined when the user did
   * @returns URLs that the browser opens in frames to notify clients (Front-Channel Logout 1.0)
   */
  async end(context: RequestContext, clientId?: string): Promise<readonly string[]> {
    const { session } = context;
    if (!session) return [];
    const notified = await this.store.run(async (unit) => {
      const clients = await this.audience.of(unit, session.id);
      await this.sessions.end(unit, session.id, context.now);
      await this.interactions.dismissAll(unit, context.browser.hash, context.now);
      await this.audit.record(unit, {
        type: 'logout',
        actorId: session.userId,
        clientId,
        subjectId: session.id,
        address: context.address,
        requestId: context.requestId,
      });
      return clients;
    });
    return notified.flatMap((client) => this.frameOf(client, session.id)).slice(0, maxFrames);
  }

  /**
   * Ends a session at the request of a client's server: there is no browser, so clients are only notified by back-channel logout.
   * @returns false when the session has already ended
   */
  async endFromServer(session: Session, clientId: string, context: RequestContext): Promise<boolean> {
    return this.store.run(async (unit) => {
      if ((await this.sessions.end(unit, session.id, context.now)) === undefined) return false;
      await this.audit.record(unit, {
        type: 'logout',
        clientId,
        subjectId: session.id,
        address: context.address,
        requestId: context.requestId,
        details: { user: session.userId, from: 'server' },
      });
      return true;
    });
  }

  private frameOf(client: Client, sessionId: string): string[] {
    if (client.frontchannelLogoutUri === undefined || client.disabledAt !== undefined) return [];
    const session = client.frontchannelLogoutSessionRequired ? { issuer: this.settings.issuer, sessionId } : undefined;
    return [frontchannelLogoutAddress(client.frontchannelLogoutUri, session)];
  }
}
