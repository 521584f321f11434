import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { CurrentSettings } from '../../../settings/current-settings.js';
import { actingClientId, actingUserId, type Actor } from '../../../operations/actor.js';
import { OperationError } from '../../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { text } from '../../../i18n/message.js';
import { Invitations, MailQueueFull, type InvitationLink } from '../invitations.service.js';
import { mayInvite } from '../../policy.js';

export interface InvitePeopleInput {
  /** At most `maxInvited`, each as returned by `addressesIn`. */
  readonly emails: readonly string[];
  readonly roles: readonly string[];
}

/** Invites people to create an account, all or none; each gets a mail if a mail server is configured. */
@Injectable()
export class InvitePeople extends SimpleOperation<InvitePeopleInput, readonly InvitationLink[]> {
  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(Invitations) private readonly invitations: Invitations,
  ) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { emails, roles }: InvitePeopleInput,
  ): Promise<OperationOutcome<readonly InvitationLink[]>> {
    requireAllowed(actor, mayInvite(actor));
    if (this.settings.current().signUp === 'off')
      throw new OperationError('conflict', text('problem.invitation.signUpOff'));
    const links: InvitationLink[] = [];
    try {
      const creator = { createdBy: actingUserId(actor), createdViaClient: actingClientId(actor) };
      for (const email of emails) {
        const invitation = { email, roles, ...creator };
        links.push({ email, link: await this.invitations.invite(unit, invitation, actor.now) });
      }
    } catch (error) {
      if (error instanceof MailQueueFull) throw new OperationError('busy', text('problem.invitation.mailQueueFull'));
      throw error;
    }
    return {
      result: links,
      changes: emails.map((email) => ({ type: 'user.invited', details: { email, roles: roles.join(' ') } })),
    };
  }
}
