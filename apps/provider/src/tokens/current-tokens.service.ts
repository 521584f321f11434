import { Inject, Injectable } from '@nestjs/common';
import { OAuthError } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../operations/actor.js';
import { CurrentActors, type ActorReader } from '../operations/current-actors.js';
import { AccessTokensService } from './access-tokens.service.js';

/**
 * Checks the access token of a request again in the unit of work of an operation: the token, its grant or the session
 * of the grant may have been ended since it was presented.
 */
@Injectable()
export class CurrentTokens implements ActorReader {
  constructor(
    @Inject(CurrentActors) actors: CurrentActors,
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
  ) {
    actors.readWith(this);
  }

  /** @throws OAuthError invalid_token, as for a request with a revoked token */
  async read(unit: Unit, actor: Actor): Promise<Actor> {
    const selector = actor.kind === 'person' || actor.kind === 'client' ? actor.tokenSelector : undefined;
    if (selector !== undefined && !(await this.tokens.isActive(unit, selector, actor.now))) throw tokenRevoked();
    return actor;
  }
}

/** The token was active when it was presented, but no longer is. */
export function tokenRevoked(): OAuthError {
  return new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
    reason: 'api.token_ended',
  });
}
