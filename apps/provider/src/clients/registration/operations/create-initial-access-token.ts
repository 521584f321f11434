import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingClientId, actingUserId, type Actor } from '../../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { administratorsAfterRecentSignIn, requireAllowed } from '../../../operations/policy.js';
import {
  InitialAccessTokens,
  type NewInitialAccessToken,
  type CreatedInitialAccessToken,
} from '../initial-access-tokens.service.js';

export type RegistrationTokenInput = Omit<NewInitialAccessToken, 'createdBy' | 'createdViaClient'>;

/** Creates an initial access token, which allows dynamic registration (RFC 7591 3). */
@Injectable()
export class CreateInitialAccessToken extends SimpleOperation<RegistrationTokenInput, CreatedInitialAccessToken> {
  constructor(@Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens) {
    super();
  }

  /** @returns the token, which is shown once */
  async perform(
    unit: Unit,
    actor: Actor,
    input: RegistrationTokenInput,
  ): Promise<OperationOutcome<CreatedInitialAccessToken>> {
    requireAllowed(actor, administratorsAfterRecentSignIn(actor));
    const creator = { createdBy: actingUserId(actor), createdViaClient: actingClientId(actor) };
    const created = await this.tokens.add(unit, { ...input, ...creator }, actor.now);
    const details = { approves: input.approves ?? false };
    return { result: created, changes: [{ type: 'initial_access_token.created', subjectId: created.id, details }] };
  }
}
