import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { CreatedViaClients } from '../../clients/created-via-clients.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { GrantsService } from '../grants.service.js';
import { mayRevoke } from '../policy.js';
import type { Revoked, RevokeInput } from './revocation.js';

/**
 * Revokes grants, with their codes and tokens: all of them or none. Skips those that have ended already. Also withdraws what the user
 * created through the client: it is not recorded through which of several grants.
 */
@Injectable()
export class RevokeGrants extends SimpleOperation<RevokeInput, Revoked> {
  constructor(
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(CreatedViaClients) private readonly created: CreatedViaClients,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { selectors }: RevokeInput): Promise<OperationOutcome<Revoked>> {
    const changes: Change[] = [];
    for (const selector of selectors) {
      const grant = await this.grants.findActive(selector, actor.now);
      if (!grant) continue;
      const { clientId, userId: subjectId } = grant;
      requireAllowed(actor, mayRevoke(actor, await this.clients.lockShared(unit, clientId)));
      if (!(await this.grants.revoke(unit, selector, actor.now))) continue;
      changes.push({ type: 'grant.revoked', clientId, subjectId, details: { grant: selector } });
      await this.created.withdraw(unit, { clientId, createdBy: subjectId }, actor.now);
    }
    return { result: { revoked: changes.length }, changes };
  }
}
