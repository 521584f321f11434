import { Delete, Get, Inject, Post, Put } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { AuditService } from '../../audit/audit.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import { sendsMail, type Settings } from '../../config/settings.js';
import { addressesIn, Invitations, MailQueueFull, mostInvited } from '../../users/invitations.service.js';
import { RoleRequirements } from '../../users/role-requirements.service.js';
import { roles } from '../../users/user.js';
import { AdminApi, ApiCall } from './admin-api.js';
import { readBodyOf } from './bodies.js';
import type { Call } from './call.js';
import { Creations } from './creations.service.js';
import { Operation } from './operation.js';
import { pageReply, readPage } from './paging.js';
import { ApiProblem, notFound } from './problem.js';

@AdminApi('invitations')
export class InvitationsApi {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(Creations) private readonly creations: Creations,
  ) {}

  @Get()
  @Operation({
    summary: 'Invitations that nobody has used, the newest first',
    needs: 'gatehouse:read',
    answers: 'Invitation',
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
  @Operation({
    summary: `Invites by mail, at most ${mostInvited} at once: all of them, or none. Without a mail server the links are in the answer`,
    needs: 'gatehouse:admin',
    body: 'Invitations',
    answers: 'Invited',
    creates: true,
  })
  async invite(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'Invitations');
    if (this.settings.signUp === 'off')
      throw new ApiProblem('conflict', 'Sign-up is off here: an invitation would lead nowhere.');
    const emails = value.emails.map((text, index) => {
      const { addresses, wrong } = addressesIn(text);
      const [address, ...others] = addresses;
      if (address === undefined || others.length > 0 || wrong.length > 0)
        throw new ApiProblem('invalid', 'This is not an e-mail address.', [
          { pointer: `/emails/${index}`, detail: 'This is not an e-mail address.' },
        ]);
      return address;
    });
    const chosen = { roles: value.roles ?? ['user'] };
    return this.creations.run(call, bytes, async (unit) => {
      try {
        const made = await this.invitations.inviteAll(unit, { emails, ...chosen }, call.actor, call.now);
        // Without a mail server nobody gets one: the links are for the caller to pass on.
        const links = sendsMail(this.settings) ? {} : { links: made };
        return { body: { invited: emails.length, ...links } };
      } catch (error) {
        if (error instanceof MailQueueFull)
          throw new ApiProblem('busy', 'Too many mails wait to be sent: nobody was invited.');
        throw error;
      }
    });
  }

  @Delete(':id')
  @Operation({ summary: 'Withdraws an invitation: its link no longer works', needs: 'gatehouse:admin', signIn: 'any' })
  async withdraw(@ApiCall() call: Call): Promise<Reply> {
    const id = call.request.params['id'] ?? '';
    const gone =
      /^\d{1,15}$/.test(id) &&
      (await this.store.run((unit) => this.invitations.withdraw(unit, Number(id), call.actor)));
    if (!gone) throw notFound('invitation');
    return Reply.empty(204);
  }
}

@AdminApi('roles')
export class RolesApi {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  @Operation({ summary: 'Roles, and what they demand', needs: 'gatehouse:read', answers: 'Role', pages: true })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const demanding = await this.requirements.load();
    const items = roles.map((role) => ({ role, second_factor: demanding.has(role) }));
    return pageReply(call.request, items, undefined);
  }

  @Put(':role')
  @Operation({
    summary: 'Says whether a role demands a second factor',
    needs: 'gatehouse:admin',
    body: 'RoleRequirement',
    answers: 'Role',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const role = roles.find((each) => each === call.request.params['role']);
    if (role === undefined) throw notFound('role');
    const { value } = await readBodyOf(call.request, 'RoleRequirement');
    await this.store.run(async (unit) => {
      await this.requirements.set(unit, role, value.second_factor ? 1 : 0, call.now);
      await this.audit.record(unit, {
        type: 'role.updated',
        ...call.actor,
        subjectId: role,
        details: { secondFactor: value.second_factor },
      });
    });
    this.requirements.forget();
    return Reply.json({ role, second_factor: value.second_factor });
  }
}
