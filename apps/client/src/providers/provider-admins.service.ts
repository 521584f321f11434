import { Inject, Injectable } from '@nestjs/common';
import type { Visit } from '../session/visits.service.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { ProvidersService } from './providers.service.js';

/** Says who may change the list of providers. */
@Injectable()
export class ProviderAdmins {
  constructor(
    @Inject(AdminSessionsService) private readonly adminSessions: AdminSessionsService,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
  ) {}

  async admits(visit: Visit): Promise<boolean> {
    return (await this.adminSessions.isLive(visit.request, visit.now)) || (await this.hasRole(visit));
  }

  /**
   * The role counts from the provider of the settings alone, and only from an ID token that was meant for the client
   * registered there: a provider that somebody added could write any role into its tokens.
   */
  private async hasRole(visit: Visit): Promise<boolean> {
    const content = visit.session?.content;
    const roles = content?.claims['roles'];
    if (!content || !Array.isArray(roles) || !roles.includes('admin')) return false;
    const provider = await this.providers.find(content.providerId);
    return (
      provider !== undefined &&
      provider.seeded &&
      provider.issuer === content.issuer &&
      provider.clientId === content.clientId
    );
  }
}
