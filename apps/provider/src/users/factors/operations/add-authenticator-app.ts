import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, OperationError } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { requireUser } from '../../../operations/policy.js';
import type { Session } from '../../sessions/session.js';
import { text } from '../../../i18n/message.js';
import { mayChangeOwnCredentials } from '../../policy.js';
import { Enrolment, type AddedFactor } from '../enrolment.service.js';
import { TotpOffers } from '../totp-offers.service.js';
import { matchStep, plainCode } from '../totp.js';
import { TotpFactors } from '../totp.service.js';

export interface AddAuthenticatorAppInput {
  /** The user's session, which the operation completes. */
  readonly session: Session;
  /** The encrypted offer from the page. */
  readonly offer: string;
  /** The code of the app, as typed. */
  readonly otp: string;
}

interface Prepared {
  readonly session: Session;
  readonly seed: string;
  readonly step: number;
}

/** Adds an authenticator app to the actor's account. A code confirms that the app has the seed. */
@Injectable()
export class AddAuthenticatorApp implements Operation<AddAuthenticatorAppInput, AddedFactor, Prepared> {
  constructor(
    @Inject(TotpOffers) private readonly offers: TotpOffers,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(Enrolment) private readonly enrolment: Enrolment,
  ) {}

  /** @throws OperationError not_found, recent_sign_in; invalid in `offer` (expired) or `otp` */
  async prepare(actor: Actor, { session, offer, otp }: AddAuthenticatorAppInput): Promise<Prepared> {
    const { userId, now } = requireUser(actor, mayChangeOwnCredentials);
    const seed = this.offers.open(userId, offer, now);
    if (seed === undefined) throw invalidInput([{ field: 'offer', message: text('app.expired') }]);
    const step = matchStep(seed, plainCode(otp), now);
    if (step === undefined) throw invalidInput([{ field: 'otp', message: text('app.wrong') }]);
    return { session, seed, step };
  }

  /** @throws OperationError not_found, recent_sign_in; conflict if an app exists already or the session has ended */
  async perform(unit: Unit, actor: Actor, { session, seed, step }: Prepared): Promise<OperationOutcome<AddedFactor>> {
    const { person, isFirst } = await this.enrolment.begin(unit, actor);
    if (!(await this.totp.add(unit, person.userId, { seed, step }, person.now)))
      throw new OperationError('conflict', 'There is an authenticator app already.');
    return this.enrolment.complete(unit, person, { session, methods: ['otp'], factor: 'totp', isFirst });
  }
}
