import { Injectable } from '@nestjs/common';
import type { Outcome, Unit } from '@gatehouse/platform/database/store';
import type { Actor } from './actor.js';

/** Knows one kind of what an actor depends on; actors that it does not know it returns as they are. */
export interface ActorReader {
  /**
   * Locks the row that decides what the actor may do, until the unit ends. Otherwise an operation that is performed while
   * the right is being taken away could undo that, or leave behind what is ended with the right.
   */
  hold?(unit: Unit, actor: Actor): Outcome<unknown>;
  /**
   * Reads the actor again, when every row is locked.
   * @throws OperationError forbidden where they may not act any more; OAuthError invalid_token where their token has ended
   */
  read(unit: Unit, actor: Actor): Promise<Actor>;
}

/**
 * Actors as they are when an operation is performed: roles, accounts, sessions and access tokens may end while it is
 * prepared, which may take seconds. The modules that know people, clients and tokens read them.
 *
 * The locks are the first of the unit. Two people who change each other's accounts at once deadlock by that on PostgreSQL:
 * the unit of one is run again, and sees what the other did.
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
