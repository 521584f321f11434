import { Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import { Store, type Unit } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { AuditService } from '../../audit/audit.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { FactorReset } from '../../factors/factor-reset.service.js';
import type { FieldProblem } from '../../http/form-problems.js';
import { routes } from '../../http/routes.js';
import { OneTimeLinks } from '../../users/one-time-links.service.js';
import { PasswordHasher } from '../../users/password-hasher.js';
import { PasswordRules } from '../../users/password-rules.js';
import { claimsDraft, emailWarnings, userRepresentation } from '../../users/user-representation.js';
import { roles, type User, type UserDraft, editable } from '../../users/user.js';
import { UserLists, userOrders } from '../../users/user-lists.service.js';
import { UsersService } from '../../users/users.service.js';
import { AdminApi, ApiCall } from './admin-api.js';
import { readBodyOf, readPatchOf } from './bodies.js';
import type { Call } from './call.js';
import { Creations } from './creations.service.js';
import type { JsonObject } from './json.js';
import { Operation } from './operation.js';
import { changing, tagged } from './preconditions.js';
import { invalidParameter, pageReply, readChoice, readPage, readText } from './paging.js';
import { ApiProblem, invalidMembers, notFound } from './problem.js';
import type { Bodies } from './shapes.js';

/** A user's member of the draft, as the API calls it. */
const memberNames: Readonly<Record<string, string>> = { profilePage: 'profile' };

@AdminApi('users')
export class UsersApi {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(UserLists) private readonly lists: UserLists,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(FactorReset) private readonly factors: FactorReset,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(Creations) private readonly creations: Creations,
  ) {}

  @Get()
  @Operation({
    summary: 'Users, in the order of their names unless another is asked for',
    needs: 'gatehouse:read',
    query: [
      {
        name: 'q',
        description:
          'A part of the username, a name or the e-mail address, without regard to case and diacritics; under three characters, how the username or the address begins. A page may have fewer users than the limit and a next one.',
      },
      { name: 'role', description: 'Those who have it.', oneOf: roles },
      { name: 'order', description: 'newest: who was added last comes first. Not together with q.', oneOf: userOrders },
    ],
    answers: 'User',
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
  @Operation({
    summary: 'Adds a user',
    needs: 'gatehouse:admin',
    body: 'NewUser',
    answers: 'NewUser',
    creates: true,
  })
  async add(@ApiCall() call: Call): Promise<Reply> {
    const { value, bytes } = await readBodyOf(call.request, 'NewUser');
    const draft = { ...draftOf(value), roles: value.roles ?? ['user'] };
    const weakness =
      value.password === undefined
        ? undefined
        : await this.rules.problem(value.password, { use: 'only factor', owner: draft });
    if (weakness !== undefined) throw invalidMembers([{ field: 'password', message: weakness }]);
    const passwordHash = value.password === undefined ? undefined : await this.hasher.hash(value.password);
    return this.creations.run(call, bytes, async (unit) => {
      const made = await this.users.create(unit, { ...draft, passwordHash }, call.actor, call.now);
      if ('problems' in made) throw invalid(made.problems);
      const link = passwordHash === undefined ? { password_link: await this.makeLink(unit, made.user, call) } : {};
      return {
        body: { ...userRepresentation(made.user), ...link, ...this.warnings(made.user) },
        location: `${routes.adminApi}/users/${made.user.id}`,
      };
    });
  }

  @Get(':id')
  @Operation({ summary: 'One user', needs: 'gatehouse:read', answers: 'User' })
  async show(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    return tagged(userRepresentation(user), editable(user));
  }

  @Patch(':id')
  @Operation({
    summary: 'Changes a user',
    needs: 'gatehouse:admin',
    changes: true,
    body: 'UserPatch',
    answers: 'ChangedUser',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    const { value, patch } = await readPatchOf(call.request, userRepresentation(user), 'User');
    const draft = { ...draftOf(stillProved(value, patch, user)), roles: value.roles ?? [] };
    const saved = await changing(call.request, editable(user), (seen) =>
      this.store.run((unit) => this.users.update(unit, user.id, draft, call.actor, call.now, seen)),
    );
    if (saved === undefined) throw notFound('user');
    if ('problems' in saved) throw invalid(saved.problems);
    const warnings = saved.user.email === user.email ? {} : this.warnings(saved.user);
    return tagged({ ...userRepresentation(saved.user), ...warnings }, editable(saved.user));
  }

  @Delete(':id')
  @Operation({ summary: 'Deletes a user, with all that they have here', needs: 'gatehouse:admin' })
  async remove(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    const outcome = await this.store.run((unit) => this.users.remove(unit, user.id, call.actor, call.now));
    if (outcome === 'last admin') throw lastAdmin();
    return Reply.empty(204);
  }

  @Post(':id/disable')
  @Operation({
    summary: 'Switches an account off; its sessions, grants and tokens end',
    needs: 'gatehouse:admin',
    answers: 'User',
  })
  async disable(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    const outcome = await this.store.run((unit) => this.users.disable(unit, user.id, call.actor, call.now));
    if (outcome === 'last admin') throw lastAdmin();
    return this.show(call);
  }

  @Post(':id/enable')
  @Operation({ summary: 'Switches an account on again', needs: 'gatehouse:admin', answers: 'User' })
  async enable(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    await this.store.run((unit) => this.users.enable(unit, user.id, call.actor, call.now));
    return this.show(call);
  }

  @Post(':id/password-link')
  @Operation({
    summary: 'Makes a link by which the person sets a password; an older one ends',
    needs: 'gatehouse:admin',
    answers: 'PasswordLink',
  })
  async passwordLink(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    if (user.disabledAt !== undefined) throw new ApiProblem('conflict', 'The account is off: switch it on first.');
    return Reply.json({ link: await this.store.run((unit) => this.makeLink(unit, user, call)) });
  }

  @Post(':id/reset-factors')
  @Operation({ summary: 'Takes all second factors away and ends the sessions', needs: 'gatehouse:admin' })
  async resetFactors(@ApiCall() call: Call): Promise<Reply> {
    const user = await this.find(call);
    await this.store.run((unit) => this.factors.reset(unit, user.id, call.actor, call.now));
    return Reply.empty(204);
  }

  private warnings(user: User): object {
    const page = `${this.settings.issuer}${routes.email}`;
    return emailWarnings(user, `Set email_verified to true, or let the person confirm it at ${page}.`);
  }

  private async makeLink(unit: Unit, user: User, call: Call): Promise<string> {
    await this.audit.record(unit, { type: 'user.link_made', ...call.actor, subjectId: user.id });
    return this.links.make(unit, { userId: user.id, purpose: 'set-password', signsIn: true }, call.now);
  }

  private async find(call: Call): Promise<User> {
    const user = await this.users.find(call.request.params['id'] ?? '');
    if (!user) throw notFound('user');
    return user;
  }
}

/** Another address, or number, is one that nobody has proved yet, unless the patch says so itself. */
function stillProved(value: Bodies['User'], patch: JsonObject, before: User): Bodies['User'] {
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
    // The shape has looked at each member.
    ...claimsDraft(value),
    email: value.email?.trim() || undefined,
    emailVerified: value.email_verified ?? false,
  };
}

function invalid(problems: readonly FieldProblem[]): ApiProblem {
  const own = (member: string): string =>
    memberNames[member] ?? member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return invalidMembers(problems, own);
}

function lastAdmin(): ApiProblem {
  return new ApiProblem('conflict', 'This is the last administrator: make another one first.');
}
