import { Delete, Get, Inject, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { SETTINGS } from '../../../config/settings.token.js';
import { sendsMail, type Settings } from '../../../config/settings.js';
import { addressesIn, Invitations, maxInvited } from '../../../users/invitations/invitations.service.js';
import { Operations } from '../../../operations/operations.js';
import { InvitePeople } from '../../../users/invitations/operations/invite-people.js';
import { WithdrawInvitation } from '../../../users/invitations/operations/withdraw-invitation.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf } from '../bodies.js';
import type { Call } from '../call.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply, readPage } from '../paging.js';
import { ApiProblem, notFound } from '../problem.js';

@AdminApi('invitations')
export class InvitationsApi {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Unused invitations, newest first',
    requiredScope: 'gatehouse:read',
    response: 'Invitation',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const { limit, after } = readPage(call.request, ['number']);
    const before = after === undefined ? undefined : Number(after[0]);
    const { items, next } = await this.invitations.list({ before, limit }, call.now);
    const shown = items.map((item) => ({
      id: item.selector,
      email: item.email,
      roles: item.roles,
      created_at: item.createdAt,
      expires_at: item.expiresAt,
    }));
    return pageReply(call.request, shown, next === undefined ? undefined : [next]);
  }

  @Post()
  @ApiEndpoint({
    summary: `Invites users by mail, at most ${maxInvited} at once: all of them, or none. Without a mail server, the response has the links`,
    requiredScope: 'gatehouse:admin',
    body: 'Invitations',
    response: 'Invited',
    creates: true,
  })
  async invite(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Invitations');
    const entered = value.emails.map((text, index) => {
      const { addresses, wrong } = addressesIn(text);
      const [address, ...others] = addresses;
      if (address === undefined || others.length > 0 || wrong.length > 0)
        throw new ApiProblem('invalid', 'This is not an e-mail address.', [
          { pointer: `/emails/${index}`, detail: 'This is not an e-mail address.' },
        ]);
      return address;
    });
    const { addresses: emails } = addressesIn(entered.join('\n'));
    const input = { emails, roles: value.roles ?? ['user'] };
    return this.creations.execute({ call, bytes }, InvitePeople, input, (links) => {
      // Without a mail server, no mail is sent: the caller must deliver the links.
      return { body: { invited: emails.length, ...(sendsMail(this.settings) ? {} : { links }) } };
    });
  }

  @Delete(':id')
  @ApiEndpoint({
    summary: 'Withdraws an invitation: its link no longer works',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
  })
  async withdraw(@ApiCall() call: Call): Promise<Reply> {
    const id = call.request.params['id'] ?? '';
    if (!/^\d{1,15}$/.test(id)) throw notFound('invitation');
    await this.operations.execute(WithdrawInvitation, call.actor, { selector: Number(id) });
    return Reply.empty(204);
  }
}
