import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { normalizeProfile } from '@gatehouse/domain/oidc';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { problemModel, type FieldProblem } from '../web/form-errors.js';
import { PageError } from '../web/page-error.js';
import { revisionOf } from '../web/revision.js';
import { routes } from '../web/routes.js';
import { noticeOf } from '../web/notice.js';
import { text, type Message } from '../i18n/message.js';
import { CreateUser } from './operations/create-user.js';
import { DeleteUser } from './operations/delete-user.js';
import { MakePasswordLink } from './credentials/operations/make-password-link.js';
import { SetUserState } from './operations/set-user-state.js';
import { UpdateUser } from './operations/update-user.js';
import { PageOperations, type Submission } from './page-operations.service.js';
import { profileFieldGroups, readProfile } from './profile-form.js';
import { displayName, hubModel } from './user-hub.js';
import { editable, roles, roleTexts, type User, type UserDraft } from './user.js';
import { UsersService } from './users.service.js';
import type { UserRequestContext } from './sessions/request-context.js';
import { RequestContexts } from './sessions/request-contexts.service.js';

const notices: Readonly<Record<string, Message>> = {
  saved: text('users.done.saved'),
  disabled: text('users.done.accountDisabled'),
  enabled: text('users.done.accountEnabled'),
  factors: text('users.done.methodsReset'),
};

interface Shown {
  readonly draft: UserDraft;
  readonly problems?: readonly FieldProblem[];
  readonly error?: Message;
  readonly status?: number;
  /** The revision on which the form is based; if omitted, the current one. */
  readonly revision?: string | undefined;
}

/**
 * The pages for administrators that add, edit, disable, enable and delete one user, and create a link to set the
 * password. The list is {@link UserListController}'s.
 */
@Controller(routes.users)
export class UsersController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  @Get('add')
  async addForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    return this.show(context, undefined, { draft: { username: '', roles: ['user'] } });
  }

  @Post('add')
  async add(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const draft = readDraft(form);
    if (refusal) return this.show(context, undefined, { draft, status: 403, error: text(refusal.id) });
    const outcome = await this.operations.execute(CreateUser, { draft }, { context, form });
    if ('refusal' in outcome) return this.show(context, undefined, { draft, ...outcome.refusal });
    return this.showLink(context, outcome.result.user, outcome.result.link ?? '', 'added');
  }

  @Get('update/:id')
  async updateForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const user = await this.getUser(request);
    return this.show(context, user, { draft: user });
  }

  @Post('update/:id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const user = await this.getUser(request);
    const draft = form.names.length > 0 ? readDraft(form) : user;
    if (refusal) return this.show(context, user, { draft, status: 403, error: text(refusal.id) });
    const revision = form.get('revision');
    const saved = await this.operations.execute(UpdateUser, { id: user.id, draft, revision }, { context, form });
    if ('refusal' in saved) {
      const { refusal: refused } = saved;
      // Saving again overwrites the current state.
      if (refused.status === 409) return this.show(context, await this.getUser(request), { draft, ...refused });
      return this.show(context, user, { draft, ...refused, revision });
    }
    return this.backTo(context, user, 'saved');
  }

  @Get(['disable/:id', 'enable/:id', 'link/:id'])
  async actionForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    return this.backTo(context, await this.getUser(request));
  }

  @Post('disable/:id')
  async disable(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const user = await this.getUser(request);
    if (refusal) return this.show(context, user, { draft: user, status: 403, error: text(refusal.id) });
    return this.setState({ context, form }, user, true);
  }

  @Post('enable/:id')
  async enable(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const user = await this.getUser(request);
    if (refusal) return this.show(context, user, { draft: user, status: 403, error: text(refusal.id) });
    return this.setState({ context, form }, user, false);
  }

  @Post('link/:id')
  async makeLink(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const user = await this.getUser(request);
    if (refusal) return this.show(context, user, { draft: user, status: 403, error: text(refusal.id) });
    const outcome = await this.operations.execute(MakePasswordLink, { id: user.id }, { context, form });
    if ('refusal' in outcome) return this.show(context, user, { draft: user, ...outcome.refusal });
    return this.showLink(context, user, outcome.result);
  }

  @Get('delete/:id')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    return this.showRemoval(context, await this.getUser(request), '');
  }

  @Post('delete/:id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const user = await this.getUser(request);
    const typed = form.text('username').trim();
    if (refusal) return this.showRemoval(context, user, typed, { status: 403, error: text(refusal.id) });
    if (typed !== user.username)
      return this.showRemoval(context, user, typed, { status: 422, problem: text('users.delete.wrong') });
    const outcome = await this.operations.execute(DeleteUser, { id: user.id }, { context, form });
    if ('refusal' in outcome) return this.showRemoval(context, user, typed, outcome.refusal);
    return Reply.redirect(`${routes.users}?done=deleted`, { cookies: context.cookies });
  }

  private async setState(submission: Submission, user: User, disabled: boolean): Promise<Reply> {
    const outcome = await this.operations.execute(SetUserState, { id: user.id, disabled }, submission);
    if ('refusal' in outcome) return this.show(submission.context, user, { draft: user, ...outcome.refusal });
    return this.backTo(submission.context, user, disabled ? 'disabled' : 'enabled');
  }

  private show(context: UserRequestContext, user: User | undefined, shown: Shown): Reply {
    const { draft, problems = [] } = shown;
    return this.contexts.page(
      context,
      user ? 'users/edit' : 'users/add',
      {
        ...(user ? { ...hubModel(user, 'profile'), person: personModel(user, shown.revision) } : {}),
        values: {
          username: draft.username,
          email: draft.email ?? '',
          emailVerified: draft.emailVerified ?? false,
          phoneNumberVerified: draft.profile?.phoneNumberVerified ?? false,
        },
        profileGroups: profileFieldGroups({ ...draft, profile: draft.profile ?? {} }, problems, 'administrator').map(
          ({ heading, fields }) => ({ heading, fields, isOpen: fields.some(({ problem }) => problem !== undefined) }),
        ),
        roleChoices: roles.map((role) => ({ value: role, ...roleTexts[role] })),
        chosenRoles: draft.roles ?? [],
        ...problemModel(problems),
        error: shown.error,
        notice: shown.status === undefined ? noticeOf(notices, query(context.request).text('done')) : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private showLink(context: UserRequestContext, user: User, link: string, reason?: 'added'): Reply {
    return this.contexts.page(context, 'users/link', {
      person: { id: user.id, username: user.username, name: displayName(user) },
      unverifiedEmail: reason === 'added' && !user.emailVerified ? user.email : undefined,
      link,
      wasAdded: reason === 'added',
    });
  }

  private showRemoval(
    context: UserRequestContext,
    user: User,
    typed: string,
    shown: { readonly status?: number; readonly error?: Message; readonly problem?: Message } = {},
  ): Reply {
    return this.contexts.page(
      context,
      'users/delete',
      {
        person: { id: user.id, username: user.username, name: displayName(user) },
        typed,
        ...problemModel(shown.problem ? [{ field: 'username', message: shown.problem }] : []),
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }

  private backTo(context: UserRequestContext, user: User, done?: string): Reply {
    return Reply.redirect(`${routes.users}/update/${user.id}${done === undefined ? '' : `?done=${done}`}`, {
      cookies: context.cookies,
    });
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }

  private async getUser(request: WebRequest): Promise<User> {
    const id = request.params['id'] ?? '';
    const user = id.length <= 200 ? await this.users.find(id) : undefined;
    if (!user) throw new PageError('record.not_found');
    return user;
  }
}

function personModel(user: User, revision: string | undefined): object {
  return {
    id: user.id,
    createdAt: user.createdAt,
    lastLoginAt: user.lastLoginAt,
    disabledAt: user.disabledAt,
    hasPassword: user.hasPassword,
    revision: revision ?? revisionOf(editable(user)),
  };
}

function readDraft(form: Form): UserDraft {
  const claims = readProfile(form, 'administrator');
  return {
    username: form.text('username').trim(),
    ...claims,
    profile: normalizeProfile({ ...claims.profile, phoneNumberVerified: form.has('phoneNumberVerified') }),
    email: form.text('email').trim() || undefined,
    emailVerified: form.has('emailVerified'),
    roles: form.all('role'),
  };
}
