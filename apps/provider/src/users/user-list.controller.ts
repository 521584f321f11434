import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { formatCursor, parseCursor } from '../web/cursor.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { text, type Message } from '../i18n/message.js';
import { SetUserStates, type ChangedStates } from './operations/set-user-states.js';
import { PageOperations } from './page-operations.service.js';
import { displayName, nameLine, statusBadge } from './user-hub.js';
import { filterParameters, listAddress, readFilter, toolbarModel } from './user-list-filter.js';
import { roles, roleTexts, type User } from './user.js';
import { UserLists } from './user-lists.service.js';
import { SecondFactorLookup } from './second-factor-lookup.js';
import { UsersService } from './users.service.js';
import type { UserRequestContext } from './sessions/request-context.js';
import { RequestContexts } from './sessions/request-contexts.service.js';

const pageSize = 25;
const maxAtOnce = 100;

/** What may be done with the selected users. */
const bulkActions = ['enable', 'disable'] as const;
type BulkAction = (typeof bulkActions)[number];

/** The list of users, and the page that asks before the selected ones are disabled or enabled. */
@Controller(routes.users)
export class UserListController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(UserLists) private readonly lists: UserLists,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const parameters = query(request);
    const filter = readFilter(parameters);
    const { role, status, order } = filter;
    const after = parseCursor(parameters.text('after'), this.lists.cursorShape(order));
    const search = filter.search || undefined;
    const { users, next } = await this.lists.list({ search, role, status, order, after, limit: pageSize });
    return this.contexts.page(context, 'users/list', {
      ...toolbarModel(filter),
      columns: [
        { label: text('users.column.name') },
        { label: text('users.column.role') },
        { label: text('users.column.secondStep') },
        { label: text('users.column.lastSignIn') },
        { label: text('users.column.added'), fold: true },
        { label: text('users.column.status') },
      ],
      bulk: {
        asks: true,
        action: routes.selectedUsers,
        fields: Object.entries(filterParameters(filter)).map(([name, value]) => ({ name, value })),
        actions: [
          { label: text('users.bulk.enable'), name: 'action', value: 'enable' },
          { label: text('users.bulk.disable'), name: 'action', value: 'disable' },
        ],
      },
      users: await this.rowsOf(users),
      pager:
        after || next
          ? {
              first: after && listAddress(filter),
              next: next && listAddress(filter, { after: formatCursor(next) }),
            }
          : undefined,
      goesOn: next !== undefined,
      ...resultOf(parameters.text('done'), parameters.text('count')),
    });
  }

  /** Asks whether to disable or enable the selected users (`id`, repeated). */
  @Get('selected')
  async ask(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireAdmin(request);
    const parameters = query(request);
    const filter = readFilter(parameters);
    const action = bulkActions.find((each) => each === parameters.get('action'));
    const selected = await this.users.listByIds(idsIn(parameters.all('id')));
    if (!action || selected.length === 0)
      return Reply.redirect(listAddress(filter, { done: 'none' }), { cookies: context.cookies });
    return this.contexts.page(context, 'users/selected', {
      ...askTexts(action, selected.length),
      action,
      formAction: listAddress(filter),
      cancel: listAddress(filter),
      isSelf: action === 'disable' && selected.some(({ id }) => id === context.user.id),
      users: selected.map(rowOf),
    });
  }

  /** Disables or enables users. */
  @Post()
  async change(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const filter = readFilter(query(request));
    // The page that asks has no input to preserve.
    if (refusal) return Reply.redirect(listAddress(filter, { done: 'refused' }), { cookies: context.cookies });
    const action = bulkActions.find((each) => each === form.get('action'));
    if (!action) throw new PageError('form.invalid');
    const ids = idsIn(form.all('id'));
    const disabled = action === 'disable';
    const outcome = await this.operations.execute(SetUserStates, { ids, disabled }, { context, form });
    const result = 'result' in outcome ? outcome.result : undefined;
    return Reply.redirect(listAddress(filter, doneOf(action, ids, result)), { cookies: context.cookies });
  }

  private async rowsOf(users: readonly User[]): Promise<readonly object[]> {
    const owners = await this.factors.ownersAmong(users.map(({ id }) => id));
    return users.map((user) => ({ ...rowOf(user), hasSecondStep: owners.has(user.id) }));
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}

function idsIn(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id) => id.length <= 200))].slice(0, maxAtOnce);
}

function rowOf(user: User): object {
  return {
    id: user.id,
    username: user.username,
    name: displayName(user),
    sub: nameLine(user),
    href: `${routes.users}/update/${user.id}`,
    roles: roles.filter((role) => role !== 'user' && user.roles.includes(role)).map((role) => roleTexts[role].label),
    lastLoginAt: user.lastLoginAt,
    createdAt: user.createdAt,
    status: statusBadge(user),
  };
}

function askTexts(action: BulkAction, count: number): Readonly<Record<'heading' | 'lead' | 'submit', Message>> {
  return action === 'disable'
    ? {
        heading: text('users.ask.disable', { count }),
        lead: text('users.ask.disableLead'),
        submit: text('users.ask.disableSubmit', { count }),
      }
    : {
        heading: text('users.ask.enable', { count }),
        lead: text('users.ask.enableLead'),
        submit: text('users.ask.enableSubmit', { count }),
      };
}

/** The parameters that say what happened. */
function doneOf(
  action: BulkAction,
  ids: readonly string[],
  result: ChangedStates | undefined,
): Readonly<Record<string, string>> {
  if (ids.length === 0) return { done: 'none' };
  if (result?.keptAdministrator) return { done: 'kept', count: String(result.changed) };
  return { done: action === 'disable' ? 'disabled' : 'enabled', count: String(result?.changed ?? 0) };
}

/** What happened before the list was opened again. */
function resultOf(done: string, given: string): { readonly notice?: Message; readonly error?: Message } {
  const count = /^\d{1,3}$/.test(given) ? Number(given) : 0;
  switch (done) {
    case 'disabled':
      return { notice: text('users.done.disabled', { count }) };
    case 'enabled':
      return { notice: text('users.done.enabled', { count }) };
    case 'kept':
      return { notice: text('users.done.kept', { count }) };
    case 'deleted':
      return { notice: text('users.done.deleted') };
    case 'none':
      return { error: text('users.done.none') };
    case 'refused':
      return { error: text('form.csrf') };
    default:
      return {};
  }
}
