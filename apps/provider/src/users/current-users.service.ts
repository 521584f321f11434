import { Inject, Injectable } from '@nestjs/common';
import type { Outcome, Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../operations/actor.js';
import { CurrentActors, type ActorReader } from '../operations/current-actors.js';
import { OperationError } from '../operations/operation-error.js';
import { SessionsService } from './sessions/sessions.service.js';
import { SecondFactorLookup } from './second-factor-lookup.js';
import { UsersService } from './users.service.js';

/** Reads acting users again in the unit of work of an operation: account, roles, second factor and session. */
@Injectable()
export class CurrentUsers implements ActorReader {
  constructor(
    @Inject(CurrentActors) actors: CurrentActors,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {
    actors.readWith(this);
  }

  hold(unit: Unit, actor: Actor): Outcome<unknown> {
    return actor.kind === 'person' ? this.users.lockShared(unit, actor.userId) : undefined;
  }

  async read(unit: Unit, actor: Actor): Promise<Actor> {
    if (actor.kind !== 'person') return actor;
    const { userId, sessionId } = actor;
    const user = await this.users.findIn(unit, userId);
    if (!user || user.disabledAt !== undefined) throw accessEnded('This account was disabled.');
    if (sessionId !== undefined && (await this.sessions.ownerOfOpen(unit, sessionId)) !== userId)
      throw accessEnded('This session was ended.');
    const hasSecondFactor = actor.hasSecondFactor || (await this.factors.hasAnyIn(unit, userId));
    return { ...actor, roles: user.roles, hasSecondFactor };
  }
}

function accessEnded(sentence: string): OperationError {
  return new OperationError('forbidden', sentence);
}
