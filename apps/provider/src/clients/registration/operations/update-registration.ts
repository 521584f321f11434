import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { Actor, RegistrantActor, RegistrationProof } from '../../../operations/actor.js';
import { invalidInput, OperationError } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { ClientDrafts } from '../../client-drafts.service.js';
import { ClientsService } from '../../clients.service.js';
import { RegistrationLimits } from '../registration-limits.service.js';
import { Registrations } from '../registrations.service.js';
import type { RegisteredClient } from './register-client.js';
import { UpdateClient, type PreparedChange, type UpdateClientInput } from '../../operations/update-client.js';

interface PreparedUpdate extends PreparedChange {
  readonly registrationToken: string;
}

type HolderOfToken = RegistrantActor & {
  readonly proof: Extract<RegistrationProof, { readonly kind: 'registration-access-token' }>;
};

/**
 * Replaces the metadata of a client that registered itself, and its registration access token (RFC 7592 2.2). What an
 * administrator approved is as it was, or has to be approved again.
 */
@Injectable()
export class UpdateRegistration implements Operation<UpdateClientInput, RegisteredClient, PreparedUpdate> {
  constructor(
    @Inject(UpdateClient) private readonly update: UpdateClient,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientDrafts) private readonly drafts: ClientDrafts,
    @Inject(RegistrationLimits) private readonly limits: RegistrationLimits,
    @Inject(Registrations) private readonly registrations: Registrations,
  ) {}

  /** @throws OperationError invalid; OAuthError temporarily_unavailable past a rate */
  async prepare(actor: Actor, input: UpdateClientInput): Promise<PreparedUpdate> {
    const from = holderOf(actor);
    const before = await this.clients.findFresh(input.id);
    const judged = before && this.drafts.checkChange(from, input.properties, before);
    if (judged && 'problems' in judged) throw invalidInput(judged.problems);
    await this.limits.countRegistration('update', from, judged?.client.redirectUris ?? []);
    return { ...(await this.update.prepare(from, input)), registrationToken: newSecret() };
  }

  /** @throws OperationError forbidden where another update replaced the token meanwhile */
  async perform(unit: Unit, actor: Actor, prepared: PreparedUpdate): Promise<OperationOutcome<RegisteredClient>> {
    const from = holderOf(actor);
    const { registrationToken } = prepared;
    const { result, changes } = await this.update.perform(unit, from, prepared);
    if (!(await this.registrations.replaceToken(unit, prepared.id, from.proof.token, registrationToken)))
      throw new OperationError('forbidden', 'The registration access token was replaced meanwhile.');
    return { result: { ...result, registrationToken }, changes };
  }
}

/** @throws OperationError forbidden for all others */
function holderOf(actor: Actor): HolderOfToken {
  if (actor.kind === 'registrant' && actor.proof.kind === 'registration-access-token')
    return { ...actor, proof: actor.proof };
  throw new OperationError('forbidden', 'Only the holder of its registration access token updates a registration.');
}
