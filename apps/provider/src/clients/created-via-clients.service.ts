import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import type { CreatedVia } from '../users/created-via.js';
import { OneTimeLinks } from '../users/credentials/one-time-links.service.js';
import { Invitations } from '../users/invitations/invitations.service.js';
import { ClientsService } from './clients.service.js';
import { InitialAccessTokens } from './registration/initial-access-tokens.service.js';

/**
 * Withdraws unused links, invitations and tokens that were created with a client's access tokens when the client's rights
 * end, or its rights to act for the user who created them: the client has seen them, and could become an administrator with
 * them.
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
      clientEnded: (unit, clientId, now) => this.withdraw(unit, { clientId }, now),
      ownTokensEnded: (unit, clientId, now) => this.withdraw(unit, { clientId }, now),
    });
  }

  async withdraw(unit: Unit, created: CreatedVia, now: EpochSeconds): Promise<void> {
    await this.links.withdrawCreatedVia(unit, created, now);
    await this.invitations.withdrawCreatedVia(unit, created, now);
    await this.tokens.deleteCreatedVia(unit, created, now);
  }
}
