import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { tidyProfile } from '@gatehouse/domain/oidc';
import { Store } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { formatCursor, parseCursor } from '../http/cursor.js';
import { problemModel, type FieldProblem } from '../http/form-problems.js';
import { PageError } from '../http/page-error.js';
import { changedSentence, revisionOf, unlessChanged } from '../http/revision.js';
import { routes } from '../http/routes.js';
import { actorOf } from './actor.js';
import { OneTimeLinks } from './one-time-links.service.js';
import { profileFieldGroups, readProfile } from './profile-form.js';
import { editable, roles, roleWords, type User, type UserDraft } from './user.js';
import { UserLists, userOrders, type UserOrder } from './user-lists.service.js';
import { UsersService } from './users.service.js';
import type { UserVisit } from './visit.js';
import { Visits } from './visits.service.js';

const pageSize = 25;
const mostAtOnce = 100;
const lastAdmin = 'This is the last administrator: make another one first.';

const notices: Readonly<Record<string, string>> = {
  saved: 'The user was saved.',
  disabled: 'The account is off: its sessions, grants and tokens ended.',
  enabled: 'The account is on again.',
  deleted: 'The user was deleted.',
  changed: 'Done.',
  none: 'Nobody was chosen, so nothing was changed.',
  kept: 'Done, but for the last administrator, who stays.',
  refused: 'The form was open for too long. Nothing was changed: please try again.',
  factors: 'Their second factors are gone; their sessions and their applications’ access ended.',
};

interface Shown {
  readonly draft: UserDraft;
  readonly problems?: readonly FieldProblem[];
  readonly error?: string;
  readonly status?: number;
  /** Of the state that the form was made of; left out: of the one that there is. */
  readonly revision?: string | undefined;
}

const orderWords: Readonly<Record<UserOrder, string>> = {
  username: 'By username',
  newest: 'Newest first',
  latest_login: 'Latest login first',
};

/** The pages of users, for administrators: list, add, edit, switch off and on, delete, a link to set the password. */
@Controller(routes.users)
export class UsersController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(UserLists) private readonly lists: UserLists,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    const parameters = query(request);
    const search = parameters.text('q').trim().slice(0, 200);
    // What was searched for is in an order of its own.
    const chosen = search === '' ? parameters.get('order') : undefined;
    const order = userOrders.find((each) => each === chosen) ?? 'username';
    const after = parseCursor(parameters.text('after'), this.lists.cursorShape(order));
    const role = roles.find((each) => each === parameters.get('role'));
    const { users, next } = await this.lists.list({ search: search || undefined, role, order, after, limit: pageSize });
    return this.visits.page(visit, 'users/list', {
      search,
      role,
      roleChoices: roles.map((each) => ({ role: each, chosen: each === role })),
      orderChoices: userOrders.map((each) => ({ order: each, words: orderWords[each], chosen: each === order })),
      filterQuery: new URLSearchParams({
        ...(search ? { q: search } : {}),
        ...(role ? { role } : {}),
        ...(order === 'username' ? {} : { order }),
      }).toString(),
      users: users.map((user) => ({
        id: user.id,
        username: user.username,
        name: user.name,
        email: user.email,
        roles: user.roles,
        lastLoginAt: user.lastLoginAt,
        createdAt: user.createdAt,
        disabled: user.disabledAt !== undefined,
        waits: !user.hasPassword,
      })),
      isFirst: after === undefined,
      next: next && formatCursor(next),
      notice: notices[parameters.text('done')],
    });
  }

  /** Of the list: everybody who is ticked. */
  @Post()
  async many(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    // A list has nothing that was typed: it is shown afresh.
    if (refusal) return Reply.redirect(`${routes.users}?done=refused`, { cookies: visit.cookies });
    const action = form.get('action');
    if (action !== 'disable' && action !== 'enable') throw new PageError('form.invalid');
    await this.visits.requireRecentSignIn(visit, form);
    const ids = [...new Set(form.all('id'))].slice(0, mostAtOnce).sort();
    const kept = await this.store.run(async (unit) => {
      let lastAdmins = 0;
      for (const id of ids) {
        if (action === 'enable') await this.users.enable(unit, id, actorOf(visit), visit.now);
        else if ((await this.users.disable(unit, id, actorOf(visit), visit.now)) === 'last admin') lastAdmins += 1;
      }
      return lastAdmins;
    });
    const done = ids.length === 0 ? 'none' : kept > 0 ? 'kept' : 'changed';
    return Reply.redirect(`${routes.users}?done=${done}`, { cookies: visit.cookies });
  }

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    return this.show(visit, undefined, { draft: { username: '', roles: ['user'] } });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const draft = readDraft(form);
    if (refusal) return this.show(visit, undefined, { draft, status: 403, error: refusal.sentence });
    await this.visits.requireRecentSignIn(visit, form);
    const made = await this.store.run(async (unit) => {
      const outcome = await this.users.create(unit, draft, actorOf(visit), visit.now);
      if ('problems' in outcome) return outcome;
      const link = await this.links.make(
        unit,
        { userId: outcome.user.id, purpose: 'set-password', signsIn: true },
        visit.now,
      );
      await this.audit.record(unit, { type: 'user.link_made', ...actorOf(visit), subjectId: outcome.user.id });
      return { ...outcome, link };
    });
    if ('problems' in made) return this.show(visit, undefined, { draft, problems: made.problems, status: 422 });
    return this.showLink(visit, made.user, made.link, 'added');
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    const user = await this.getUser(request);
    return this.show(visit, user, { draft: user });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const user = await this.getUser(request);
    const draft = form.names.length > 0 ? readDraft(form) : user;
    if (refusal) return this.show(visit, user, { draft, status: 403, error: refusal.sentence });
    await this.visits.requireRecentSignIn(visit, form);
    const seen = form.get('revision');
    const saved = await unlessChanged(() =>
      this.store.run((unit) => this.users.update(unit, user.id, draft, actorOf(visit), visit.now, seen)),
    );
    if (saved === 'changed')
      return this.show(visit, await this.getUser(request), { draft, status: 409, error: changedSentence });
    if (saved === undefined) throw new PageError('record.not_found');
    if ('problems' in saved)
      return this.show(visit, user, { draft, problems: saved.problems, status: 422, revision: seen });
    return this.backTo(visit, user, 'saved');
  }

  @Get(['disable/:id', 'enable/:id', 'link/:id'])
  async actionForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    return this.backTo(visit, await this.getUser(request));
  }

  @Post('disable/:id')
  async disable(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const user = await this.getUser(request);
    if (refusal) return this.show(visit, user, { draft: user, status: 403, error: refusal.sentence });
    await this.visits.requireRecentSignIn(visit, form);
    const outcome = await this.store.run((unit) => this.users.disable(unit, user.id, actorOf(visit), visit.now));
    if (outcome === 'last admin') return this.show(visit, user, { draft: user, status: 409, error: lastAdmin });
    return this.backTo(visit, user, 'disabled');
  }

  @Post('enable/:id')
  async enable(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const user = await this.getUser(request);
    if (refusal) return this.show(visit, user, { draft: user, status: 403, error: refusal.sentence });
    await this.visits.requireRecentSignIn(visit, form);
    await this.store.run((unit) => this.users.enable(unit, user.id, actorOf(visit), visit.now));
    return this.backTo(visit, user, 'enabled');
  }

  @Post('link/:id')
  async makeLink(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const user = await this.getUser(request);
    if (refusal) return this.show(visit, user, { draft: user, status: 403, error: refusal.sentence });
    await this.visits.requireRecentSignIn(visit, form);
    if (user.disabledAt !== undefined)
      return this.show(visit, user, { draft: user, status: 409, error: 'The account is off: switch it on first.' });
    const link = await this.store.run(async (unit) => {
      await this.audit.record(unit, { type: 'user.link_made', ...actorOf(visit), subjectId: user.id });
      return this.links.make(unit, { userId: user.id, purpose: 'set-password', signsIn: true }, visit.now);
    });
    return this.showLink(visit, user, link);
  }

  @Get('delete/:id')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    return this.showRemoval(visit, await this.getUser(request), '');
  }

  @Post('delete/:id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const user = await this.getUser(request);
    const typed = form.text('username').trim();
    if (refusal) return this.showRemoval(visit, user, typed, { status: 403, error: refusal.sentence });
    if (typed !== user.username)
      return this.showRemoval(visit, user, typed, { status: 422, problem: 'This is not their username.' });
    await this.visits.requireRecentSignIn(visit, form);
    const outcome = await this.store.run((unit) => this.users.remove(unit, user.id, actorOf(visit), visit.now));
    if (outcome === 'last admin') return this.showRemoval(visit, user, typed, { status: 409, error: lastAdmin });
    return Reply.redirect(`${routes.users}?done=deleted`, { cookies: visit.cookies });
  }

  private show(visit: UserVisit, user: User | undefined, shown: Shown): Reply {
    const { draft } = shown;
    return this.visits.page(
      visit,
      'users/edit',
      {
        heading: user ? user.username : 'Add a user',
        action: user ? `${routes.users}/update/${user.id}` : `${routes.users}/add`,
        person: user && {
          id: user.id,
          createdAt: user.createdAt,
          lastLoginAt: user.lastLoginAt,
          hasPassword: user.hasPassword,
          disabledAt: user.disabledAt,
          revision: shown.revision ?? revisionOf(editable(user)),
        },
        values: {
          username: draft.username,
          email: draft.email ?? '',
          emailVerified: draft.emailVerified ?? false,
          phoneNumberVerified: draft.profile?.phoneNumberVerified ?? false,
        },
        profileGroups: profileFieldGroups({ ...draft, profile: draft.profile ?? {} }, shown.problems ?? [], 'other'),
        roleChoices: roles.map((role) => ({
          role,
          words: roleWords[role],
          checked: draft.roles?.includes(role) ?? false,
        })),
        ...problemModel(shown.problems ?? []),
        error: shown.error,
        notice: shown.status === undefined ? notices[query(visit.request).text('done')] : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private showLink(visit: UserVisit, user: User, link: string, reason?: 'added'): Reply {
    return this.visits.page(visit, 'users/link', {
      person: { id: user.id, username: user.username },
      unverifiedEmail: reason === 'added' && !user.emailVerified ? user.email : undefined,
      link,
      wasAdded: reason === 'added',
    });
  }

  private showRemoval(
    visit: UserVisit,
    user: User,
    typed: string,
    shown: { readonly status?: number; readonly error?: string; readonly problem?: string } = {},
  ): Reply {
    return this.visits.page(
      visit,
      'users/delete',
      {
        person: { id: user.id, username: user.username },
        typed,
        problem: shown.problem,
        error: shown.error,
        firstProblem: shown.problem && 'username',
      },
      { status: shown.status ?? 200 },
    );
  }

  private backTo(visit: UserVisit, user: User, done?: string): Reply {
    return Reply.redirect(`${routes.users}/update/${user.id}${done === undefined ? '' : `?done=${done}`}`, {
      cookies: visit.cookies,
    });
  }

  private async openFor(request: WebRequest): Promise<UserVisit> {
    const visit = await this.visits.requireUser(request);
    this.visits.requireRole(visit, 'admin');
    return visit;
  }

  private async getUser(request: WebRequest): Promise<User> {
    const id = request.params['id'] ?? '';
    const user = id.length <= 200 ? await this.users.find(id) : undefined;
    if (!user) throw new PageError('record.not_found');
    return user;
  }
}

function readDraft(form: Form): UserDraft {
  const claims = readProfile(form);
  return {
    username: form.text('username').trim(),
    ...claims,
    profile: tidyProfile({ ...claims.profile, phoneNumberVerified: form.has('phoneNumberVerified') }),
    email: form.text('email').trim() || undefined,
    emailVerified: form.has('emailVerified'),
    roles: form.all('role'),
  };
}
