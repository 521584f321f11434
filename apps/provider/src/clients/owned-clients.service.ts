import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { withoutOwnersRights } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import { changedMembers } from '../audit/changed-members.js';
import { UsersService } from '../users/users.service.js';
import { clientRepresentation } from './client-representation.js';
import { ClientsService } from './clients.service.js';

/**
 * What becomes of a developer's clients when the developer is deleted: they stay, owned by nobody, and lose what an owner
 * must not have or was trusted with. Otherwise an administration scope, which is held back while there is an owner, would
 * be good again for a secret that the owner knows.
 */
@Injectable()
export class OwnedClients implements OnModuleInit {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  onModuleInit(): void {
    this.users.follow({ userDeleted: (unit, userId, now) => this.release(unit, userId, now) });
  }

  private async release(unit: Unit, ownerId: string, now: EpochSeconds): Promise<void> {
    for (const client of await this.clients.lockOwnedBy(unit, ownerId)) {
      const released = { ...withoutOwnersRights(client), ownerId: undefined };
      await this.clients.replace(unit, client, released, now);
      const changes = changedMembers(clientRepresentation(client), clientRepresentation(released));
      await this.audit.record(unit, { type: 'client.updated', actorId: null, clientId: client.id, changes });
    }
  }
}
