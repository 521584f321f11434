import { Injectable } from '@nestjs/common';
import type { Outcome, Unit } from '@gatehouse/platform/database/store';
import type { Actor } from './actor.js';

/** Rereads one part of an actor, such as the account or the client; returns other actors unchanged. */
export interface ActorReader {
  /**
   * Locks the row that decides the actor's rights until the unit of work ends. Otherwise an operation that runs while the
   * rights are being revoked could undo the revocation, or create something that the revocation should have ended.
   */
  hold?(unit: Unit, actor: Actor): Outcome<unknown>;
  /**
   * Rereads the actor after all rows are locked.
   * @throws OperationError forbidden when they have lost their rights; OAuthError invalid_token when their token has ended
   */
  read(unit: Unit, actor: Actor): Promise<Actor>;
}

/**
 * Rereads actors when an operation is performed: roles, accounts, sessions and access tokens may end while it is prepared,
 * which may take seconds. The modules of users, clients and tokens register readers.
 *
 * These locks are the first of the unit of work. Two users who change each other's accounts concurrently deadlock on
 * PostgreSQL: one unit is then retried, and sees the changes of the other.
 */
@Injectable()
export class CurrentActors {
  private readonly readers: ActorReader[] = [];

  readWith(reader: ActorReader): void {
    this.readers.push(reader);
  }

  /** @throws OperationError forbidden; OAuthError invalid_token */
  async read(unit: Unit, actor: Actor): Promise<Actor> {
    for (const reader of this.readers) await reader.hold?.(unit, actor);
    let current = actor;
    for (const reader of this.readers) current = await reader.read(unit, current);
    return current;
  }
}
