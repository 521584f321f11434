import { Inject, Injectable } from '@nestjs/common';
import { isEmailAddress } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import { sendsMail, type Settings } from '../../config/settings.js';
import type { Actor } from '../../operations/actor.js';
import { invalidInput, notFound, OperationError, rateLimited } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireUser } from '../../operations/policy.js';
import { text } from '../../i18n/message.js';
import { EmailChanges } from '../email-changes.service.js';
import { mayChangeOwnCredentials } from '../policy.js';
import { UsersService } from '../users.service.js';

/**
 * Requests a change of the user's own e-mail address. It takes effect when the link sent to the new address is opened
 * ({@link ConfirmEmail}).
 */
@Injectable()
export class RequestEmailChange extends SimpleOperation<{ readonly email: string }, void> {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(EmailChanges) private readonly changes: EmailChanges,
  ) {
    super();
  }

  /** @throws OperationError not_found, conflict without a mail server, invalid, recent_sign_in, rate_limited */
  async perform(unit: Unit, actor: Actor, { email }: { readonly email: string }): Promise<OperationOutcome<void>> {
    const { userId, now } = requireUser(actor);
    const user = await this.users.lockAndRead(unit, userId);
    if (!user) throw notFound('user');
    if (!sendsMail(this.settings)) throw new OperationError('conflict', text('email.noMail'));
    if (!isEmailAddress(email)) throw invalidInput([{ field: 'email', message: text('problem.email') }]);
    if (email === user.email && user.emailVerified)
      throw invalidInput([{ field: 'email', message: text('email.same') }]);
    // After the checks that need no recent sign-in, so that nobody signs in again for an invalid request.
    requireUser(actor, mayChangeOwnCredentials);
    if (!(await this.changes.request(unit, userId, email, now))) throw rateLimited(text('email.throttled'));
    return { result: undefined, changes: [] };
  }
}
