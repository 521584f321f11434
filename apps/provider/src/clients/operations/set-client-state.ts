import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { AuditType } from '../../audit/audit.service.js';
import { revisionOf } from '../../web/revision.js';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { ClientStates, type ClientDecision } from '../client-states.service.js';
import { ClientsService } from '../clients.service.js';
import { maySetClientState } from '../policy.js';

export interface ClientStateInput {
  readonly id: string;
  readonly decision: ClientDecision;
  /** The revision that was reviewed: the registrant can change the client at any time. By default it is not checked. */
  readonly revision?: string | undefined;
}

export interface ClientStateResult {
  readonly client: Client;
  /** False if the client was already in this state. */
  readonly changed: boolean;
}

const events: Readonly<Record<ClientDecision, AuditType>> = {
  approve: 'client.approved',
  restrict: 'client.restricted',
  unrestrict: 'client.unrestricted',
  disable: 'client.disabled',
  enable: 'client.enabled',
};

/** Approves, restricts or disables a client, or reverts the last two. */
@Injectable()
export class SetClientState extends SimpleOperation<ClientStateInput, ClientStateResult> {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientStates) private readonly states: ClientStates,
  ) {
    super();
  }

  /** @throws OperationError changed, when an approval is for another revision of the client */
  async perform(unit: Unit, actor: Actor, input: ClientStateInput): Promise<OperationOutcome<ClientStateResult>> {
    const { id, decision, revision } = input;
    requireAllowed(actor, maySetClientState(actor, decision));
    const before = await this.clients.lock(unit, id);
    if (!before) throw notFound('client');
    const isApproved = before.approvedAt !== undefined;
    if (decision === 'approve' && !isApproved && revision !== undefined && revision !== revisionOf(before))
      throw recordChanged();
    if (!(await this.states.set(unit, id, decision, actor.now)))
      return { result: { client: before, changed: false }, changes: [] };
    const client = (await this.clients.lock(unit, id)) ?? before;
    return {
      result: { client, changed: true },
      changes: [{ type: events[decision], clientId: id, before: stateOf(before), after: stateOf(client) }],
    };
  }
}

function stateOf({ approvedAt, restrictedAt, disabledAt }: Client): object {
  return {
    approved: approvedAt !== undefined,
    restricted: restrictedAt !== undefined,
    disabled: disabledAt !== undefined,
  };
}
