import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, type OperationError } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { requireUser } from '../../../operations/policy.js';
import type { Session } from '../../sessions/session.js';
import { text } from '../../../i18n/message.js';
import { mayChangeOwnCredentials } from '../../policy.js';
import { PasskeyCeremonies, type VerifiedRegistration } from '../passkey-ceremonies.service.js';
import { Enrolment, type AddedFactor } from '../enrolment.service.js';
import { maxNameCharacters, maxPasskeys, Passkeys } from '../passkeys.service.js';

export interface AddPasskeyInput {
  /** The user's session, which the operation completes. */
  readonly session: Session;
  /** The value of the browser cookie: a response from another browser is rejected. */
  readonly browserId: string;
  /** The authenticator's response, as the page's script sent it. */
  readonly attestation: string;
  /** As typed; if empty, a name is generated. */
  readonly name: string;
}

interface Prepared {
  readonly session: Session;
  readonly proof: VerifiedRegistration;
  readonly name: string;
}

/** Adds a passkey to the actor's account. */
@Injectable()
export class AddPasskey implements Operation<AddPasskeyInput, AddedFactor, Prepared> {
  constructor(
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(Enrolment) private readonly enrolment: Enrolment,
  ) {}

  /** @throws OperationError not_found, recent_sign_in, invalid */
  async prepare(actor: Actor, input: AddPasskeyInput): Promise<Prepared> {
    const { userId, now } = requireUser(actor, mayChangeOwnCredentials);
    const { session, browserId, attestation, name } = input;
    const proof = await this.ceremonies.verifyNew({ browserId, userId, now }, attestation);
    if (!proof) throw invalidResponse();
    return { session, proof, name: name.trim().slice(0, maxNameCharacters) || defaultName(now) };
  }

  /** @throws OperationError not_found, recent_sign_in, invalid; conflict if the session has ended */
  async perform(unit: Unit, actor: Actor, { session, proof, name }: Prepared): Promise<OperationOutcome<AddedFactor>> {
    const { person, isFirst } = await this.enrolment.begin(unit, actor);
    if (!(await this.ceremonies.consumeNew(unit, proof, person.now))) throw invalidResponse();
    const factor = await this.passkeys.add(unit, { ...proof.passkey, name }, person.now);
    if (factor === undefined)
      throw invalidInput([{ field: 'attestation', message: text('passkeys.taken', { most: maxPasskeys }) }]);
    const methods = proof.userVerified ? (['pop', 'user', 'mfa'] as const) : (['pop', 'user'] as const);
    return this.enrolment.complete(unit, person, { session, methods, factor, isFirst });
  }
}

function invalidResponse(): OperationError {
  return invalidInput([{ field: 'attestation', message: text('passkeys.refused') }]);
}

function defaultName(now: EpochSeconds): string {
  return `Passkey of ${new Date(now * 1000).toISOString().slice(0, 10)}`;
}
