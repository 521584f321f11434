import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { RevokeAllInput, Revoked } from '../../grants/operations/revocation.js';
import { RevokeAllGrants } from '../../grants/operations/revoke-all-grants.js';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { AccessTokensService } from '../access-tokens.service.js';

/**
 * Revokes all access tokens of a user, of a client, or of a user at a client, and their grants: otherwise a refresh
 * token would immediately get a new access token.
 */
@Injectable()
export class RevokeAllTokens extends SimpleOperation<RevokeAllInput, Revoked> {
  constructor(
    @Inject(RevokeAllGrants) private readonly revokeGrants: RevokeAllGrants,
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, input: RevokeAllInput): Promise<OperationOutcome<Revoked>> {
    const { userId: subjectId, clientId } = input;
    const { result, changes } = await this.revokeGrants.perform(unit, actor, input);
    // Tokens that the client obtained on its own behalf have no grant.
    if (input.userId === undefined) await this.tokens.revokeOfClient(unit, input.clientId, actor.now);
    return {
      result,
      changes: [...changes, { type: 'token.revoked', clientId, subjectId, details: { all: true } }],
    };
  }
}
