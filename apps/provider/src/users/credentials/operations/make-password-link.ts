import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingClientId, actingUserId, type Actor } from '../../../operations/actor.js';
import { notFound, OperationError } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { text } from '../../../i18n/message.js';
import { OneTimeLinks } from '../one-time-links.service.js';
import { mayManageUsers } from '../../policy.js';
import { UsersService } from '../../users.service.js';

export interface PasswordLinkInput {
  readonly id: string;
  /** Also ends all sessions and grants, because another person may be signed in. */
  readonly signOut?: boolean;
}

/** Creates a link with which a user sets their password; an earlier link stops working. */
@Injectable()
export class MakePasswordLink extends SimpleOperation<PasswordLinkInput, string> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
  ) {
    super();
  }

  /** @returns the link, which is shown once */
  async perform(
    unit: Unit,
    actor: Actor,
    { id, signOut = false }: PasswordLinkInput,
  ): Promise<OperationOutcome<string>> {
    requireAllowed(actor, mayManageUsers(actor));
    const user = await this.users.lockAndRead(unit, id);
    if (!user) throw notFound('user');
    if (user.disabledAt !== undefined) throw new OperationError('conflict', text('problem.accountDisabled'));
    if (signOut) await this.users.signOutEverywhere(unit, id, { offline: true }, actor.now);
    const creator = { createdBy: actingUserId(actor), createdViaClient: actingClientId(actor) };
    const link = await this.links.makeForAdministrator(unit, { userId: id, ...creator }, actor.now);
    return {
      result: link,
      changes: [
        { type: 'user.password_link_created', subjectId: id, ...(signOut ? { details: { signed_out: true } } : {}) },
      ],
    };
  }
}
