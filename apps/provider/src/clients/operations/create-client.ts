import { Inject, Injectable } from '@nestjs/common';
import { isDynamicallyRegistered, type Client, type ClientInput } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import type { FieldProblem } from '../../web/form-errors.js';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, invalidInput } from '../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../operations/operation.js';
import { afterRecentSignIn, requireAllowed } from '../../operations/policy.js';
import { clientRepresentation } from '../client-representation.js';
import { ClientDrafts, type SectorCheck } from '../client-drafts.service.js';
import { ClientsService } from '../clients.service.js';
import { mayCreateClient } from '../policy.js';

export interface CreateClientInput {
  readonly properties: ClientInput;
  /** Form fields that could not be parsed, reported together with all other problems. */
  readonly unread?: readonly FieldProblem[] | undefined;
}

export interface PreparedClient extends CreateClientInput {
  /** The `client_id`. */
  readonly id: string;
  readonly sector: SectorCheck | undefined;
  /** For dynamic registrations that are approved at once. */
  readonly approvedAt?: EpochSeconds | undefined;
}

export interface SavedClient {
  readonly client: Client;
  /** The new secret, if one was created. It is shown once. */
  readonly secret: string | undefined;
}

/** Adds a client. The result contains its secret if it needs one. */
@Injectable()
export class CreateClient implements Operation<CreateClientInput, SavedClient, PreparedClient> {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientDrafts) private readonly drafts: ClientDrafts,
  ) {}

  async prepare(actor: Actor, input: CreateClientInput): Promise<PreparedClient> {
    return this.prepareAs(newId(), actor, input);
  }

  /** As {@link prepare}, for a client with a given `client_id`. */
  async prepareAs(id: string, actor: Actor, input: CreateClientInput): Promise<PreparedClient> {
    const checked = this.drafts.checkNew(actor, input.properties, id);
    // `perform` reports its problems, together with all others.
    if (!('client' in checked) || !this.drafts.needsSectorCheck(actor, checked.client))
      return { ...input, id, sector: undefined };
    requireAllowed(actor, mayCreateClient(actor));
    requireAllowed(actor, afterRecentSignIn(actor));
    return { ...input, id, sector: await this.drafts.checkSector(actor, checked.client) };
  }

  async perform(unit: Unit, actor: Actor, prepared: PreparedClient): Promise<OperationOutcome<SavedClient>> {
    requireAllowed(actor, mayCreateClient(actor));
    const { id, properties, unread = [], sector, approvedAt } = prepared;
    const checked = this.drafts.checkNew(actor, properties, id);
    if ('problems' in checked) throw invalidInput([...unread, ...checked.problems]);
    const isRegistered = isDynamicallyRegistered(checked.client.source);
    const client = { ...checked.client, approvedAt: isRegistered ? approvedAt : actor.now };
    if (!this.drafts.isCheckFor(actor, sector, client)) throw recordChanged();
    const problems = [
      ...unread,
      ...(sector?.problem ? [sector.problem] : []),
      ...(await this.drafts.ownerProblems(unit, client)),
    ];
    if (problems.length > 0) throw invalidInput(problems);
    requireAllowed(actor, afterRecentSignIn(actor));
    const secret = await this.clients.add(unit, client, actor.now);
    const type = isRegistered ? 'client.registered' : 'client.created';
    return {
      result: { client, secret },
      changes: [{ type, clientId: id, after: clientRepresentation(client), details: { name: client.name } }],
    };
  }
}
