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

type TokenHolder = RegistrantActor & {
  readonly proof: Extract<RegistrationProof, { readonly kind: 'registration-access-token' }>;
};

/**
 * Replaces the metadata of a dynamically registered client, and its registration access token (RFC 7592 2.2). A change of
 * approved properties requires a new approval.
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

  /** @throws OperationError invalid; OAuthError temporarily_unavailable over the rate limit */
  async prepare(actor: Actor, input: UpdateClientInput): Promise<PreparedUpdate> {
    const registrant = holderOf(actor);
    const before = await this.clients.findFresh(input.id);
    const checked = before && this.drafts.checkChange(registrant, input.properties, before);
    if (checked && 'problems' in checked) throw invalidInput(checked.problems);
    await this.limits.countRegistration('update', registrant, checked?.client.redirectUris ?? []);
    return { ...(await this.update.prepare(registrant, input)), registrationToken: newSecret() };
  }

  /** @throws OperationError forbidden when a concurrent update replaced the token */
  async perform(unit: Unit, actor: Actor, prepared: PreparedUpdate): Promise<OperationOutcome<RegisteredClient>> {
    const registrant = holderOf(actor);
    const { registrationToken } = prepared;
    const { result, changes } = await this.update.perform(unit, registrant, prepared);
    if (!(await this.registrations.replaceToken(unit, prepared.id, registrant.proof.token, registrationToken)))
      throw new OperationError('forbidden', 'The registration access token was replaced meanwhile.');
    return { result: { ...result, registrationToken }, changes };
  }
}

/** @throws OperationError forbidden for other actors */
function holderOf(actor: Actor): TokenHolder {
  if (actor.kind === 'registrant' && actor.proof.kind === 'registration-access-token')
    return { ...actor, proof: actor.proof };
  throw new OperationError('forbidden', 'Only the holder of its registration access token updates a registration.');
}
