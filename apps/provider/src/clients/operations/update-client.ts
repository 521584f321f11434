import { Inject, Injectable } from '@nestjs/common';
import { isMaterialChange, type Client, type ClientInput } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { FieldProblem } from '../../web/form-errors.js';
import { revisionOf } from '../../web/revision.js';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, invalidInput, notFound } from '../../operations/operation-error.js';
import type { Change, Operation, OperationOutcome } from '../../operations/operation.js';
import { administratorsOnly, requireAllowed } from '../../operations/policy.js';
import { ClientHandovers, credentialMembers, type ReplacedCredentials } from '../client-handovers.service.js';
import { ClientDrafts, type SectorCheck } from '../client-drafts.service.js';
import { clientRepresentation } from '../client-representation.js';
import { ClientsService } from '../clients.service.js';
import { mayManageClient, mayReplaceSecret, mayUpdateClient } from '../policy.js';
import type { SavedClient } from './create-client.js';

export interface UpdateClientInput {
  readonly id: string;
  /** Absent members remain unchanged. */
  readonly properties: ClientInput;
  /** Form fields that could not be parsed, reported together with all other problems. */
  readonly unread?: readonly FieldProblem[] | undefined;
  /** The revision that the change is based on; by default it is not checked. */
  readonly revision?: string | undefined;
}

export interface PreparedChange extends UpdateClientInput {
  readonly sector: SectorCheck | undefined;
}

/**
 * Changes a client. The result contains a new secret if the client now needs one, or if a former holder must no longer
 * use the old one (`clientHandover`).
 */
@Injectable()
export class UpdateClient implements Operation<UpdateClientInput, SavedClient, PreparedChange> {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientDrafts) private readonly drafts: ClientDrafts,
    @Inject(ClientHandovers) private readonly handovers: ClientHandovers,
  ) {}

  async prepare(actor: Actor, input: UpdateClientInput): Promise<PreparedChange> {
    const before = await this.clients.findFresh(input.id);
    const checked = before && this.drafts.checkChange(actor, input.properties, before);
    // `perform` reports its problems, together with all others.
    if (!checked || !('client' in checked) || !this.drafts.needsSectorCheck(actor, checked.client, before))
      return { ...input, sector: undefined };
    requireAllowed(actor, mayManageClient(actor, before));
    if (input.revision !== undefined && input.revision !== revisionOf(before)) throw recordChanged();
    requireAllowed(actor, mayUpdateClient(actor, before, checked.client));
    return { ...input, sector: await this.drafts.checkSector(actor, checked.client) };
  }

  async perform(unit: Unit, actor: Actor, prepared: PreparedChange): Promise<OperationOutcome<SavedClient>> {
    const { id, properties, unread = [], revision, sector } = prepared;
    const before = await this.clients.lock(unit, id);
    if (!before) throw notFound('client');
    requireAllowed(actor, mayManageClient(actor, before));
    if (revision !== undefined && revision !== revisionOf(before)) throw recordChanged();
    const checked = this.drafts.checkChange(actor, properties, before);
    if ('problems' in checked) throw invalidInput([...unread, ...checked.problems]);
    const { client } = checked;
    if (!this.drafts.isCheckFor(actor, sector, client, before)) throw recordChanged();
    const problems = [
      ...unread,
      ...(sector?.problem ? [sector.problem] : []),
      ...(await this.drafts.ownerProblems(unit, client, before)),
    ];
    if (problems.length > 0) throw invalidInput(problems);
    requireAllowed(actor, mayUpdateClient(actor, before, client));

    const { secret, replaced } = await this.handovers.replace(unit, { before, client, now: actor.now });
    // For whatever reason it was created: the result reveals a new credential.
    if (secret !== undefined) requireAllowed(actor, mayReplaceSecret(actor, before));
    const changes: Change[] = [changeOf(before, client, replaced)];
    if (isMaterialChange(before, client) && !isVouchedFor(actor, client)) {
      await this.clients.identityChanged(unit, id, actor.now);
      const details = { before: before.name, after: client.name };
      changes.push({ type: 'client.identity_changed', clientId: id, details });
    }
    return { result: { client, secret }, changes };
  }
}

/**
 * Users are asked for consent again, unless an administrator changed the identity of an approved client. A developer could
 * turn a client that users consented to into one that only looks trustworthy (RFC 9700 4.15).
 */
function isVouchedFor(actor: Actor, client: Client): boolean {
  return administratorsOnly(actor) === undefined && client.approvedAt !== undefined;
}

function changeOf(before: Client, client: Client, replaced: ReplacedCredentials): Change {
  return {
    type: 'client.updated',
    clientId: client.id,
    before: clientRepresentation(before),
    after: { ...clientRepresentation(client), ...replaced },
    secrets: credentialMembers,
  };
}
