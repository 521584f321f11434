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
  /** By which it is read, changed and deleted (RFC 7592). A client with a metadata document has none. */
  readonly registrationToken: string | undefined;
}

interface PreparedRegistration extends PreparedClient {
  readonly registrationToken: string | undefined;
}

/**
 * Adds a client that comes by itself: by dynamic registration (RFC 7591 3), or by a metadata document. It is counted by
 * the address that it comes from, and approved at once where its initial access token says so.
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

  /** @throws OperationError invalid; OAuthError temporarily_unavailable past a rate */
  async prepare(actor: Actor, input: CreateClientInput): Promise<PreparedRegistration> {
    const from = registrantOf(actor);
    const judged = this.drafts.checkNew(from, input.properties, '');
    if ('problems' in judged) throw invalidInput(judged.problems);
    if (from.kind === 'metadata-document') {
      await this.limits.countDocument('register', from);
      return { ...(await this.create.prepareAs(from.clientId, from, input)), registrationToken: undefined };
    }
    await this.limits.countRegistration('register', from, judged.client.redirectUris);
    return { ...(await this.create.prepare(from, input)), registrationToken: newSecret() };
  }

  /** @throws OperationError; OAuthError invalid_token for a token that was used up meanwhile, temporarily_unavailable */
  async perform(unit: Unit, actor: Actor, prepared: PreparedRegistration): Promise<OperationOutcome<RegisteredClient>> {
    const from = registrantOf(actor);
    const { id, registrationToken } = prepared;
    const proof = from.kind === 'registrant' && from.proof.kind === 'initial-access-token' ? from.proof : undefined;
    const approves = proof !== undefined && (await this.consumeToken(unit, proof.id, from)).approves;
    if (!approves) await this.limits.requireQuota(unit, from);
    const approvedAt = approves ? from.now : undefined;
    const { result, changes } = await this.create.perform(unit, from, { ...prepared, approvedAt });
    const approval: Change[] = approves ? [{ type: 'client.approved', clientId: id, subjectId: proof.id }] : [];
    await this.registrations.note(unit, id, {
      addressKey: from.addressKey,
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
    const spent = await this.initialTokens.consume(unit, tokenId, now);
    if (!spent)
      throw new OAuthError('invalid_token', 'The initial access token is used up or expired.', {
        reason: 'registration.token_spent',
      });
    return spent;
  }
}

/** @throws OperationError forbidden: others create clients, and do not register them */
function registrantOf(actor: Actor): RegistrantActor | MetadataDocumentActor {
  if (actor.kind === 'registrant' || actor.kind === 'metadata-document') return actor;
  throw new OperationError('forbidden', 'Only clients register themselves.');
}
