import { Inject, Injectable } from '@nestjs/common';
import { OAuthError } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { Actor, MetadataDocumentActor, RegistrantActor } from '../../../operations/actor.js';
import { invalidInput, OperationError } from '../../../operations/operation-error.js';
import type { Change, Operation, OperationOutcome } from '../../../operations/operation.js';
import { ClientDrafts } from '../../client-drafts.service.js';
import { InitialAccessTokens } from '../initial-access-tokens.service.js';
import { RegistrationLimits } from '../registration-limits.service.js';
import { Registrations } from '../registrations.service.js';
import {
  CreateClient,
  type CreateClientInput,
  type PreparedClient,
  type SavedClient,
} from '../../operations/create-client.js';

export interface RegisteredClient extends SavedClient {
  /** To read, change and delete the registration (RFC 7592). A client with a metadata document has none. */
  readonly registrationToken: string | undefined;
}

interface PreparedRegistration extends PreparedClient {
  readonly registrationToken: string | undefined;
}

/**
 * Adds a client by dynamic registration (RFC 7591 3) or by a metadata document. Registrations are limited by address; an
 * initial access token may approve the client at once.
 */
@Injectable()
export class RegisterClient implements Operation<CreateClientInput, RegisteredClient, PreparedRegistration> {
  constructor(
    @Inject(CreateClient) private readonly create: CreateClient,
    @Inject(ClientDrafts) private readonly drafts: ClientDrafts,
    @Inject(InitialAccessTokens) private readonly initialTokens: InitialAccessTokens,
    @Inject(RegistrationLimits) private readonly limits: RegistrationLimits,
    @Inject(Registrations) private readonly registrations: Registrations,
  ) {}

  /** @throws OperationError invalid; OAuthError temporarily_unavailable over the rate limit */
  async prepare(actor: Actor, input: CreateClientInput): Promise<PreparedRegistration> {
    const registrant = registrantOf(actor);
    const checked = this.drafts.checkNew(registrant, input.properties, '');
    if ('problems' in checked) throw invalidInput(checked.problems);
    if (registrant.kind === 'metadata-document') {
      await this.limits.countDocument('register', registrant);
      return { ...(await this.create.prepareAs(registrant.clientId, registrant, input)), registrationToken: undefined };
    }
    await this.limits.countRegistration('register', registrant, checked.client.redirectUris);
    return { ...(await this.create.prepare(registrant, input)), registrationToken: newSecret() };
  }

  /** @throws OperationError; OAuthError invalid_token for a token that has been used up since, temporarily_unavailable */
  async perform(unit: Unit, actor: Actor, prepared: PreparedRegistration): Promise<OperationOutcome<RegisteredClient>> {
    const registrant = registrantOf(actor);
    const { id, registrationToken } = prepared;
    const proof =
      registrant.kind === 'registrant' && registrant.proof.kind === 'initial-access-token'
        ? registrant.proof
        : undefined;
    const approves = proof !== undefined && (await this.consumeToken(unit, proof.id, registrant)).approves;
    if (!approves) await this.limits.requireQuota(unit, registrant);
    const approvedAt = approves ? registrant.now : undefined;
    const { result, changes } = await this.create.perform(unit, registrant, { ...prepared, approvedAt });
    const approval: Change[] = approves ? [{ type: 'client.approved', clientId: id, subjectId: proof.id }] : [];
    await this.registrations.note(unit, id, {
      addressKey: registrant.addressKey,
      initialTokenId: proof?.id,
      registrationToken,
    });
    return { result: { ...result, registrationToken }, changes: [...changes, ...approval] };
  }

  private async consumeToken(
    unit: Unit,
    tokenId: string,
    { now }: RegistrantActor | MetadataDocumentActor,
  ): Promise<{ readonly approves: boolean }> {
    const consumed = await this.initialTokens.consume(unit, tokenId, now);
    if (!consumed)
      throw new OAuthError('invalid_token', 'The initial access token is used up or expired.', {
        reason: 'registration.token_spent',
      });
    return consumed;
  }
}

/** @throws OperationError forbidden for other actors, who create clients instead */
function registrantOf(actor: Actor): RegistrantActor | MetadataDocumentActor {
  if (actor.kind === 'registrant' || actor.kind === 'metadata-document') return actor;
  throw new OperationError('forbidden', 'Only clients register themselves.');
}
