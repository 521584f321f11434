import { Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from './actor.js';

/**
 * Reads an actor again in a unit of work; others than its own it returns as they are.
 * @throws OperationError forbidden where they may not act any more
 */
export type ActorReader = (unit: Unit, actor: Actor) => Promise<Actor>;

/**
 * Actors as they are when an operation is performed: roles, accounts and sessions may end while it is prepared, which may
 * take seconds. The modules that know people and clients read them.
 */
@Injectable()
export class CurrentActors {
  private readonly readers: ActorReader[] = [];

  readWith(reader: ActorReader): void {
    this.readers.push(reader);
  }

  /** @throws OperationError forbidden */
  async read(unit: Unit, actor: Actor): Promise<Actor> {
    let current = actor;
    for (const reader of this.readers) current = await reader(unit, current);
    return current;
  }
}
