import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { problemModel, type FieldProblem } from '../web/form-errors.js';
import { routes } from '../web/routes.js';
import { text, type Message } from '../i18n/message.js';
import { canAdminister } from '../users/actor.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { ApplicationRoles, applicationRolesProblem } from './application-roles.service.js';
import { ClientPages } from './client-pages.service.js';
import { ClientUsage } from './client-usage.js';
import { SetApplicationRoles } from './operations/set-application-roles.js';

const pageSize = 25;
const unknownUser = text('clients.roles.unknownUser');
const notAMember = text('clients.roles.notAMember');

interface FormView {
  readonly username: string;
  readonly roles: string;
  readonly problems?: readonly FieldProblem[];
  readonly error?: Message;
  readonly status?: number;
}

/** The page that sets the roles of users in one application: for administrators, and for the developer who owns it. */
@Controller(`${routes.clients}/roles`)
export class ApplicationRolesController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ClientPages) private readonly pages: ClientPages,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
    @Inject(ClientUsage) private readonly usage: ClientUsage,
  ) {}

  @Get(':id')
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const client = await this.pages.open(context, request.params['id']);
    return this.show(context, client, { username: query(request).text('user').slice(0, 200), roles: '' });
  }

  @Post(':id')
  async set(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.pages.open(context, request.params['id']);
    const submitted = {
      username: form.text('username').trim().slice(0, 200),
      roles: form.text('roles').slice(0, 6000),
    };
    if (refusal) return this.show(context, client, { ...submitted, status: 403, error: text(refusal.id) });
    const roles = submitted.roles.split(/\s+/).filter((role) => role !== '');
    const problem = applicationRolesProblem(roles);
    const user = await this.memberOf(context, client, submitted.username);
    const problems = [
      ...(user ? [] : [{ field: 'username', message: canAdminister(context) ? unknownUser : notAMember }]),
      ...(problem === undefined ? [] : [{ field: 'roles', message: problem }]),
    ];
    if (!user || problems.length > 0) return this.show(context, client, { ...submitted, problems, status: 422 });
    const input = { clientId: client.id, userId: user.id, roles };
    const outcome = await this.operations.execute(SetApplicationRoles, input, { context, form });
    if ('refusal' in outcome) return this.show(context, client, { ...submitted, ...outcome.refusal });
    return Reply.redirect(`${routes.clients}/roles/${encodeURIComponent(client.id)}?done=saved`, {
      cookies: context.cookies,
    });
  }

  /**
   * Administrators may find every account. A developer only finds users who have used the application, so the form does
   * not reveal who else has an account.
   */
  private async memberOf(context: UserRequestContext, client: Client, username: string): Promise<User | undefined> {
    const user = await this.users.findByUsername(username);
    if (!user || canAdminister(context)) return user;
    return (await this.usage.hasUsed(client.id, user.id)) ? user : undefined;
  }

  private async show(context: UserRequestContext, client: Client, view: FormView): Promise<Reply> {
    const parameters = query(context.request);
    const after = parameters.get('after')?.slice(0, 100);
    const { members, next } = await this.roles.members(client.id, { after, limit: pageSize });
    const own = `${routes.clients}/roles/${encodeURIComponent(client.id)}`;
    const names = await this.users.names(members.map(({ userId }) => userId));
    return this.contexts.page(
      context,
      'clients/roles',
      {
        ...(await this.pages.head(context, client, 'roles')),
        asks: client.scope.includes('application_roles'),
        members: members.map(({ userId, roles }) => ({ username: names.get(userId) ?? userId, roles })),
        pager:
          after === undefined && next === undefined
            ? undefined
            : { first: after && own, next: next && `${own}?after=${encodeURIComponent(next)}` },
        values: { username: view.username, roles: view.roles },
        ...problemModel(view.problems ?? []),
        error: view.error,
        notice:
          parameters.text('done') === 'saved' && view.status === undefined ? text('clients.roles.saved') : undefined,
      },
      { status: view.status ?? 200 },
    );
  }

  private async requireEditor(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin', 'developer');
    return context;
  }
}
