import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { OneTimeLinks } from '../users/credentials/one-time-links.service.js';
import { Invitations } from '../users/invitations/invitations.service.js';
import { ClientsService } from './clients.service.js';
import { InitialAccessTokens } from './registration/initial-access-tokens.service.js';

/**
 * Withdraws unused links, invitations and tokens that were created with a client's access tokens when the client's rights
 * end: the client has seen them, and could become an administrator with them.
 */
@Injectable()
export class CreatedViaClients implements OnModuleInit {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
  ) {}

  onModuleInit(): void {
    this.clients.addListener({
      clientEnded: (unit, clientId, now) => this.withdraw(unit, clientId, now),
      ownTokensEnded: (unit, clientId, now) => this.withdraw(unit, clientId, now),
    });
  }

  private async withdraw(unit: Unit, clientId: string, now: EpochSeconds): Promise<void> {
    await this.links.withdrawCreatedVia(unit, clientId, now);
    await this.invitations.withdrawCreatedVia(unit, clientId, now);
    await this.tokens.deleteCreatedVia(unit, clientId, now);
  }
}
