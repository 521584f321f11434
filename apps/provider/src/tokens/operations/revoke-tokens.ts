import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../clients/clients.service.js';
import type { Revoked, RevokeInput } from '../../grants/operations/revocation.js';
import { mayRevoke } from '../../grants/policy.js';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { AccessTokensService } from '../access-tokens.service.js';

/** Revokes access tokens: all of them or none. Their grants stay active. Skips tokens that have ended already. */
@Injectable()
export class RevokeTokens extends SimpleOperation<RevokeInput, Revoked> {
  constructor(
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { selectors }: RevokeInput): Promise<OperationOutcome<Revoked>> {
    const changes: Change[] = [];
    for (const selector of selectors) {
      const token = await this.tokens.findBySelector(selector, actor.now);
      if (!token) continue;
      const { clientId, userId: subjectId } = token;
      requireAllowed(actor, mayRevoke(actor, await this.clients.lockShared(unit, clientId)));
      if (await this.tokens.revokeBySelector(unit, selector, actor.now))
        changes.push({ type: 'token.revoked', clientId, subjectId });
    }
    return { result: { revoked: changes.length }, changes };
  }
}
