import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { notFound } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { administratorsAfterRecentSignIn, requireAllowed } from '../../../operations/policy.js';
import { InitialAccessTokens } from '../initial-access-tokens.service.js';

/** Deletes an initial access token. Clients that were registered with it remain. */
@Injectable()
export class DeleteInitialAccessToken extends SimpleOperation<{ readonly id: string }, void> {
  constructor(@Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { id }: { readonly id: string }): Promise<OperationOutcome<void>> {
    requireAllowed(actor, administratorsAfterRecentSignIn(actor));
    if (!(await this.tokens.remove(unit, id))) throw notFound('registration token');
    return { result: undefined, changes: [{ type: 'initial_access_token.deleted', subjectId: id }] };
  }
}
