import { Inject, Injectable } from '@nestjs/common';
import { isEmailAddress } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../../config/settings.token.js';
import { sendsMail, type Settings } from '../../../config/settings.js';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, OperationError, rateLimited } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireVisitor } from '../../../operations/policy.js';
import { text } from '../../../i18n/message.js';
import { PasswordResets } from '../password-resets.service.js';

export interface PasswordResetInput {
  readonly email: string;
  /** The key by which requests of one network are counted. */
  readonly addressKey: string;
}

/** Requests a link to set a password. The response does not reveal whether the address is registered. */
@Injectable()
export class RequestPasswordReset extends SimpleOperation<PasswordResetInput, void> {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PasswordResets) private readonly resets: PasswordResets,
  ) {
    super();
  }

  /** @throws OperationError forbidden, conflict without a mail server, invalid, rate_limited */
  async perform(unit: Unit, actor: Actor, { email, addressKey }: PasswordResetInput): Promise<OperationOutcome<void>> {
    const { now } = requireVisitor(actor);
    if (!sendsMail(this.settings)) throw new OperationError('conflict', text('forgot.noMail'));
    if (!isEmailAddress(email)) throw invalidInput([{ field: 'email', message: text('problem.email') }]);
    if (!(await this.resets.request(unit, email, addressKey, now))) throw rateLimited(text('forgot.throttled'));
    return { result: undefined, changes: [] };
  }
}
