import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../clients/clients.service.js';
import { GrantsService } from '../../grants/grants.service.js';

/** The clients that are notified when a session ends. */
@Injectable()
export class LogoutAudience {
  constructor(
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  /**
   * Every client that was authorized in this session and still exists: its own session may outlast its grants.
   * Approved clients come first, then the most recently authorized, so that a limit on their number leaves out the rest.
   */
  async of(unit: Unit, sessionId: string): Promise<Client[]> {
    const ids = await this.grants.clientsOfSession(unit, sessionId);
    const clients = await this.clients.findAll(unit, ids);
    const rank = new Map(ids.map((id, index) => [id, index]));
    return clients.sort(
      (one, other) =>
        Number(one.approvedAt === undefined) - Number(other.approvedAt === undefined) ||
        (rank.get(one.id) ?? 0) - (rank.get(other.id) ?? 0),
    );
  }
}
