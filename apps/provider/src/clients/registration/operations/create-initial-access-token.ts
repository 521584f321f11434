import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { SimpleOperation, type Performed } from '../../../operations/operation.js';
import { administratorsAfterRecentSignIn, demand } from '../../../operations/policy.js';
import {
  InitialAccessTokens,
  type NewInitialAccessToken,
  type CreatedInitialAccessToken,
} from '../initial-access-tokens.service.js';

/** Makes an initial access token, by which clients register themselves (RFC 7591 3). */
@Injectable()
export class CreateInitialAccessToken extends SimpleOperation<NewInitialAccessToken, CreatedInitialAccessToken> {
  constructor(@Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens) {
    super();
  }

  /** @returns the token, which is shown once */
  async perform(unit: Unit, actor: Actor, input: NewInitialAccessToken): Promise<Performed<CreatedInitialAccessToken>> {
    demand(actor, administratorsAfterRecentSignIn(actor));
    const made = await this.tokens.add(unit, input, actor.now);
    const details = { approves: input.approves ?? false };
    return { result: made, changes: [{ type: 'initial_access_token.created', subjectId: made.id, details }] };
  }
}
