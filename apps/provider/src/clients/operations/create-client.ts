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
  /** What could not be read of a form: said together with all else that is wrong. */
  readonly unread?: readonly FieldProblem[] | undefined;
}

export interface PreparedClient extends CreateClientInput {
  /** The `client_id`. */
  readonly id: string;
  readonly sector: SectorCheck | undefined;
  /** Of a client that registers itself: when it is approved at once. */
  readonly approvedAt?: EpochSeconds | undefined;
}

export interface SavedClient {
  readonly client: Client;
  /** Where one was made. It is shown once. */
  readonly secret: string | undefined;
}

/** Adds a client. One that needs a secret gets it in the result. */
@Injectable()
export class CreateClient implements Operation<CreateClientInput, SavedClient, PreparedClient> {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientDrafts) private readonly drafts: ClientDrafts,
  ) {}

  async prepare(actor: Actor, input: CreateClientInput): Promise<PreparedClient> {
    return this.prepareAs(newId(), actor, input);
  }

  /** The same for a client whose `client_id` is known. */
  async prepareAs(id: string, actor: Actor, input: CreateClientInput): Promise<PreparedClient> {
    const judged = this.drafts.checkNew(actor, input.properties, id);
    // What is wrong with it is said by perform, together with all else.
    if (!('client' in judged) || !this.drafts.needsSectorCheck(actor, judged.client))
      return { ...input, id, sector: undefined };
    requireAllowed(actor, mayCreateClient(actor));
    requireAllowed(actor, afterRecentSignIn(actor));
    return { ...input, id, sector: await this.drafts.checkSector(actor, judged.client) };
  }

  async perform(unit: Unit, actor: Actor, prepared: PreparedClient): Promise<OperationOutcome<SavedClient>> {
    requireAllowed(actor, mayCreateClient(actor));
    const { id, properties, unread = [], sector, approvedAt } = prepared;
    const judged = this.drafts.checkNew(actor, properties, id);
    if ('problems' in judged) throw invalidInput([...unread, ...judged.problems]);
    const isByItself = isDynamicallyRegistered(judged.client.source);
    const client = { ...judged.client, approvedAt: isByItself ? approvedAt : actor.now };
    if (!this.drafts.isCheckFor(actor, sector, client)) throw recordChanged();
    const problems = [
      ...unread,
      ...(sector?.problem ? [sector.problem] : []),
      ...(await this.drafts.ownerProblems(unit, client)),
    ];
    if (problems.length > 0) throw invalidInput(problems);
    requireAllowed(actor, afterRecentSignIn(actor));
    const secret = await this.clients.add(unit, client, actor.now);
    const type = isByItself ? 'client.registered' : 'client.created';
    return {
      result: { client, secret },
      changes: [{ type, clientId: id, after: clientRepresentation(client), details: { name: client.name } }],
    };
  }
}
