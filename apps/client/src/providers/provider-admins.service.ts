import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { ClientSession } from '../session/client-session.js';
import type { RequestContext } from '../session/request-contexts.service.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { ProvidersService } from './providers.service.js';
import { TokensService } from './tokens.service.js';

/** How long a role check at the provider is valid: a user who loses the role loses access within this time. */
const validSeconds = 300;

/** Decides who may change the list of providers. */
@Injectable()
export class ProviderAdmins {
  constructor(
    @Inject(AdminSessionsService) private readonly adminSessions: AdminSessionsService,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(TokensService) private readonly tokens: TokensService,
  ) {}

  async admits(context: RequestContext): Promise<boolean> {
    return (await this.adminSessions.isActive(context.request, context.now)) || (await this.hasRole(context));
  }

  /**
   * The role is accepted only from the provider of the settings, and only from an ID token for the client registered there: any
   * other provider could put the role into its tokens.
   */
  private async hasRole(context: RequestContext): Promise<boolean> {
    const { session, now } = context;
    if (!session) return false;
    const { content } = session;
    const roles = content.claims['roles'];
    const lastCheck = content.adminCheck ?? {
      at: content.loggedInAt,
      isAdmin: Array.isArray(roles) && roles.includes('admin'),
    };
    if (!lastCheck.isAdmin) return false;
    const provider = await this.providers.find(content.providerId);
    if (!provider?.seeded || provider.issuer !== content.issuer || provider.clientId !== content.clientId) return false;
    return now - lastCheck.at < validSeconds || this.isStillAdmin(session, now);
  }

  /** An unavailable provider grants nothing; the next request checks again. */
  private async isStillAdmin(session: ClientSession, now: EpochSeconds): Promise<boolean> {
    const roles = await this.tokens.currentRoles(session);
    if (roles === undefined) return false;
    const isAdmin = roles.includes('admin');
    await this.tokens.noteAdminCheck(session, { at: now, isAdmin });
    return isAdmin;
  }
}
