import { Inject, Injectable } from '@nestjs/common';
import type { Outcome, Unit } from '@gatehouse/platform/database/store';
import { actingClientId, type Actor } from '../operations/actor.js';
import { CurrentActors, type ActorReader } from '../operations/current-actors.js';
import { OperationError } from '../operations/operation-error.js';
import { administrationScopeOf } from './administration-scope.js';
import { ClientsService } from './clients.service.js';

/** Rereads the acting client in the unit of an operation: it may have been disabled or restricted, or lost its rights. */
@Injectable()
export class CurrentServiceAccounts implements ActorReader {
  constructor(
    @Inject(CurrentActors) actors: CurrentActors,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {
    actors.readWith(this);
  }

  hold(unit: Unit, actor: Actor): Outcome<unknown> {
    const clientId = actingClientId(actor);
    return clientId === undefined ? undefined : this.clients.hold(unit, clientId);
  }

  /** Also checks the client whose access token a user acts with. */
  async read(unit: Unit, actor: Actor): Promise<Actor> {
    const clientId = actingClientId(actor);
    if (clientId === undefined) return actor;
    const client = await this.clients.findIn(unit, clientId);
    const scope = client && administrationScopeOf(client, actor.kind === 'client' ? 'itself' : 'a person');
    if (client?.disabledAt !== undefined || !scope?.includes('gatehouse:admin'))
      throw new OperationError('forbidden', 'This client may not do this any more.');
    return actor;
  }
}
