import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import { ClientsService } from '../clients/clients.service.js';
import { GrantsService } from '../grants/grants.service.js';

/** Whom the end of a session concerns. */
@Injectable()
export class LogoutAudience {
  constructor(
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  /** Every client that was authorized in this session and still exists: its grants may be gone, its own session is not. */
  async of(unit: Unit, sessionId: string): Promise<Client[]> {
    return this.clients.findAll(unit, await this.grants.clientsOfSession(unit, sessionId));
  }
}
