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

/** Frames that one page opens: more clients than these are told by back-channel, or not at all. */
const maxFrames = 50;

/** Ends the session of this browser, and what follows it. */
@Injectable()
export class Logouts {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LogoutAudience) private readonly audience: LogoutAudience,
    @Inject(Interactions) private readonly kept: Interactions,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * @param clientId who asked; undefined for the person
   * @returns addresses that the browser opens in frames, to tell clients (Front-Channel Logout 1.0)
   */
  async end(context: RequestContext, clientId?: string): Promise<readonly string[]> {
    const { session } = context;
    if (!session) return [];
    const told = await this.store.run(async (unit) => {
      const clients = await this.audience.of(unit, session.id);
      await this.sessions.end(unit, session.id, context.now);
      await this.kept.dismissAll(unit, context.browser.hash, context.now);
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
    return told.flatMap((client) => this.frameOf(client, session.id)).slice(0, maxFrames);
  }

  /**
   * Ends a session at the request of a client's server: there is no browser, so clients are notified by back-channel only.
   * @returns false when it ended meanwhile
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
