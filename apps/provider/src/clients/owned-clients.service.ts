import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { releasedClient } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { AuditService } from '../audit/audit.service.js';
import { changedMembers } from '../audit/changed-members.js';
import { UsersService } from '../users/users.service.js';
import { clientRepresentation } from './client-representation.js';
import { ClientHandovers, credentialMembers } from './client-handovers.service.js';
import { ClientsService } from './clients.service.js';

/**
 * Releases a developer's clients when the developer is deleted: they remain without an owner, and with credentials that
 * nobody knows. To keep using one, an administrator rotates its secret or registers new keys.
 */
@Injectable()
export class OwnedClients implements OnModuleInit {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientHandovers) private readonly handovers: ClientHandovers,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  onModuleInit(): void {
    this.users.addListener({ userDeleted: (unit, userId, now) => this.release(unit, userId, now) });
  }

  private async release(unit: Unit, ownerId: string, now: EpochSeconds): Promise<void> {
    for (const client of await this.clients.lockOwnedBy(unit, ownerId)) {
      const released = releasedClient(client);
      // The new secret is discarded.
      const { replaced } = await this.handovers.replace(unit, { before: client, client: released, now });
      const after = { ...clientRepresentation(released), ...replaced };
      const changes = changedMembers(clientRepresentation(client), after, credentialMembers);
      await this.audit.record(unit, { type: 'client.updated', actorId: null, clientId: client.id, changes });
    }
  }
}
