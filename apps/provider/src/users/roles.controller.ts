import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import { signInTabs } from '../web/sign-in-tabs.js';
import { text, type Message } from '../i18n/message.js';
import { SetRoleRequirements } from './operations/set-role-requirements.js';
import { PageOperations } from './page-operations.service.js';
import { RoleRequirements } from './role-requirements.service.js';
import { roles, roleTexts } from './user.js';
import type { UserRequestContext } from './sessions/request-context.js';
import { RequestContexts } from './sessions/request-contexts.service.js';

/** The page on which administrators set the requirements of each role. */
@Controller(routes.roles)
export class RolesController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), await this.requirements.load(), {});
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    const selected = new Set(form.all('secondFactor'));
    const before = await this.requirements.load();
    if (refusal)
      return this.show(context, form.names.length > 0 ? selected : before, { status: 403, error: text(refusal.id) });
    const secondFactor = Object.fromEntries(roles.map((role) => [role, selected.has(role)]));
    const outcome = await this.operations.execute(SetRoleRequirements, secondFactor, { context, form });
    if ('refusal' in outcome) return this.show(context, selected, outcome.refusal);
    return Reply.redirect(`${routes.roles}?done=saved`, { cookies: context.cookies });
  }

  private show(
    context: UserRequestContext,
    requiringRoles: ReadonlySet<string>,
    shown: { readonly status?: number; readonly error?: Message },
  ): Reply {
    return this.contexts.page(
      context,
      'users/roles',
      {
        tabs: signInTabs(routes.roles),
        roleChoices: roles.map((role) => ({ value: role, ...roleTexts[role] })),
        chosenRoles: [...requiringRoles],
        error: shown.error,
        notice:
          query(context.request).text('done') === 'saved' && shown.status === undefined
            ? text('users.done.saved')
            : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}
