import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../clients/clients.service.js';
import { CreatedViaClients } from '../../clients/created-via-clients.service.js';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { GrantsService } from '../grants.service.js';
import { mayRevoke } from '../policy.js';
import type { RevokeAllInput, Revoked } from './revocation.js';

/**
 * Revokes all grants of a user, of a client, or of a user at a client. Also withdraws the links, invitations and tokens that were
 * created through the grants, with which the clients could still become an administrator.
 */
@Injectable()
export class RevokeAllGrants extends SimpleOperation<RevokeAllInput, Revoked> {
  constructor(
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(CreatedViaClients) private readonly created: CreatedViaClients,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, input: RevokeAllInput): Promise<OperationOutcome<Revoked>> {
    const { userId: subjectId, clientId } = input;
    requireAllowed(
      actor,
      mayRevoke(actor, clientId === undefined ? undefined : await this.clients.lockShared(unit, clientId)),
    );
    const revoked = await this.revoke(unit, input, actor);
    if (clientId !== undefined) await this.created.withdraw(unit, { clientId, createdBy: subjectId }, actor.now);
    else if (subjectId !== undefined) await this.created.withdraw(unit, { clientId, createdBy: subjectId }, actor.now);
    return {
      result: { revoked },
      changes: [{ type: 'grant.revoked', clientId, subjectId, details: { revoked } }],
    };
  }

  private revoke(unit: Unit, input: RevokeAllInput, { now }: Actor): Promise<number> {
    if (input.userId === undefined) return this.grants.revokeOfClient(unit, input.clientId, now);
    if (input.clientId === undefined) return this.grants.revokeOfUser(unit, input.userId, now);
    return this.grants.revokeOfUserAndClient(unit, input.userId, input.clientId, now);
  }
}
