import { Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { SETTINGS } from '../../../config/settings.token.js';
import type { Settings } from '../../../config/settings.js';
import { ResetSecondFactors } from '../../../users/factors/operations/reset-second-factors.js';
import { routes } from '../../../web/routes.js';
import { Operations } from '../../../operations/operations.js';
import { CreateUser } from '../../../users/operations/create-user.js';
import { DeleteUser } from '../../../users/operations/delete-user.js';
import { MakePasswordLink } from '../../../users/credentials/operations/make-password-link.js';
import { SetUserState } from '../../../users/operations/set-user-state.js';
import { UpdateUser } from '../../../users/operations/update-user.js';
import { claimsDraft, emailWarnings, userRepresentation } from '../../../users/user-representation.js';
import { roles, type User, type UserDraft, editable } from '../../../users/user.js';
import { UserLists, userOrders } from '../../../users/user-lists.service.js';
import { UsersService } from '../../../users/users.service.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf, readPatchOf } from '../bodies.js';
import type { Call } from '../call.js';
import { IdempotentCreations } from '../idempotent-creations.service.js';
import type { JsonObject } from '../json.js';
import { ApiEndpoint } from '../operation.js';
import { expectedRevision, replyWithETag } from '../preconditions.js';
import { invalidParameter, pageReply, readChoice, readPage, readText } from '../paging.js';
import { notFound } from '../problem.js';
import type { Bodies } from '../shapes.js';

@AdminApi('users')
export class UsersApi {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(UserLists) private readonly lists: UserLists,
    @Inject(IdempotentCreations) private readonly creations: IdempotentCreations,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Users, by default in the order of their names',
    requiredScope: 'gatehouse:read',
    query: [
      {
        name: 'q',
        description:
          'A part of the username, a name or the e-mail address, ignoring case and diacritics; with less than three characters, the beginning of the username or the address. A page may have fewer users than the limit although more follow.',
      },
      { name: 'role', description: 'Only users with this role.', oneOf: roles },
      { name: 'order', description: 'newest: last added first. Not together with q.', oneOf: userOrders },
    ],
    response: 'User',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const order = readChoice(call.request, 'order', userOrders);
    const search = readText(call.request, 'q');
    if (order !== undefined && search !== undefined) throw invalidParameter('order', 'Not together with q.');
    const { limit, after } = readPage(call.request, this.lists.cursorShape(order ?? 'username'));
    const { users, next } = await this.lists.list({
      search,
      role: readChoice(call.request, 'role', roles),
      order,
      after,
      limit,
    });
    return pageReply(call.request, users.map(userRepresentation), next);
  }

  @Post()
  @ApiEndpoint({
    summary: 'Adds a user',
    requiredScope: 'gatehouse:admin',
    body: 'NewUser',
    response: 'NewUser',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'NewUser');
    const draft = { ...draftOf(value), roles: value.roles ?? ['user'] };
    const input = { draft, password: value.password };
    return this.creations.execute({ call, bytes }, CreateUser, input, ({ user, link }) => ({
      body: {
        ...userRepresentation(user),
        ...(link === undefined ? {} : { password_link: link }),
        ...this.warnings(user),
      },
      location: `${routes.adminApi}/users/${user.id}`,
    }));
  }

  @Get(':id')
  @ApiEndpoint({ summary: 'One user', requiredScope: 'gatehouse:read', response: 'User' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    return replyWithETag(userRepresentation(user), editable(user));
  }

  @Patch(':id')
  @ApiEndpoint({
    summary: 'Changes a user',
    requiredScope: 'gatehouse:admin',
    changes: true,
    body: 'UserPatch',
    response: 'ChangedUser',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    const { value, patch } = await readPatchOf(call.request, userRepresentation(user), 'User');
    const draft = { ...draftOf(withVerification(value, patch, user)), roles: value.roles ?? [] };
    const saved = await this.operations.execute(UpdateUser, call.actor, {
      id: user.id,
      draft,
      revision: expectedRevision(call.request, editable(user)),
    });
    const warnings = saved.email === user.email ? {} : this.warnings(saved);
    return replyWithETag({ ...userRepresentation(saved), ...warnings }, editable(saved));
  }

  @Delete(':id')
  @ApiEndpoint({ summary: 'Deletes a user and all of their data', requiredScope: 'gatehouse:admin' })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    await this.operations.execute(DeleteUser, call.actor, { id: idOf(call) });
    return Reply.empty(204);
  }

  @Post(':id/disable')
  @ApiEndpoint({
    summary: 'Disables an account; its sessions, grants and tokens end',
    requiredScope: 'gatehouse:admin',
    response: 'User',
  })
  async disable(@ApiCall() call: Call): Promise<Reply> {
    return this.setState(call, true);
  }

  @Post(':id/enable')
  @ApiEndpoint({ summary: 'Enables an account', requiredScope: 'gatehouse:admin', response: 'User' })
  async enable(@ApiCall() call: Call): Promise<Reply> {
    return this.setState(call, false);
  }

  @Post(':id/password-link')
  @ApiEndpoint({
    summary: 'Creates a link with which the user sets a password; it replaces an older one',
    requiredScope: 'gatehouse:admin',
    response: 'PasswordLink',
  })
  async passwordLink(@ApiCall() call: Call): Promise<Reply> {
    return Reply.json({ link: await this.operations.execute(MakePasswordLink, call.actor, { id: idOf(call) }) });
  }

  @Post(':id/reset-factors')
  @ApiEndpoint({ summary: 'Removes all second factors and ends the sessions', requiredScope: 'gatehouse:admin' })
  async resetFactors(@ApiCall() call: Call): Promise<Reply> {
    await this.operations.execute(ResetSecondFactors, call.actor, { userId: idOf(call) });
    return Reply.empty(204);
  }

  private async setState(call: Call, disabled: boolean): Promise<Reply> {
    const user = await this.operations.execute(SetUserState, call.actor, { id: idOf(call), disabled });
    return replyWithETag(userRepresentation(user), editable(user));
  }

  private warnings(user: User): object {
    const page = `${this.settings.issuer}${routes.email}`;
    return emailWarnings(user, `Set email_verified to true, or let the user confirm it at ${page}.`);
  }

  private async find(call: Call): Promise<User> {
    const user = await this.users.find(idOf(call));
    if (!user) throw notFound('user');
    return user;
  }
}

/** A changed address or phone number is unverified, unless the patch sets its status. */
function withVerification(value: Bodies['User'], patch: JsonObject, before: User): Bodies['User'] {
  return {
    ...value,
    ...(value.email === before.email || 'email_verified' in patch ? {} : { email_verified: false }),
    ...(value.phone_number === before.profile.phoneNumber || 'phone_number_verified' in patch
      ? {}
      : { phone_number_verified: false }),
  };
}

function draftOf(value: Bodies['User']): UserDraft {
  return {
    username: value.username.trim(),
    // The schema has validated each member.
    ...claimsDraft(value),
    email: value.email?.trim() || undefined,
    emailVerified: value.email_verified ?? false,
  };
}

function idOf(call: Call): string {
  return call.request.params['id'] ?? '';
}
