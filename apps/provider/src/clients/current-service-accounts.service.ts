import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../operations/actor.js';
import { CurrentActors } from '../operations/current-actors.js';
import { OperationError } from '../operations/operation-error.js';
import { ClientsService } from './clients.service.js';

/** Reads the clients that act again in the unit of an operation: they may have been disabled, or lost the right. */
@Injectable()
export class CurrentServiceAccounts {
  constructor(
    @Inject(CurrentActors) actors: CurrentActors,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {
    actors.readWith((unit, actor) => this.read(unit, actor));
  }

  /** By whose access token a person acts is asked too. */
  private async read(unit: Unit, actor: Actor): Promise<Actor> {
    if ((actor.kind !== 'person' && actor.kind !== 'client') || actor.clientId === undefined) return actor;
    const [client] = await this.clients.findAll(unit, [actor.clientId]);
    const isRight = client && (actor.kind === 'person' || client.actsForItself);
    if (!isRight || client.disabledAt !== undefined || !client.scope.includes('gatehouse:admin'))
      throw new OperationError('forbidden', 'This client may not do this any more.');
    return actor;
  }
}
