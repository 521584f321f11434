import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../web/routes.js';
import type { Sentence } from '../i18n/text.js';
import { SetRoleRequirements } from './operations/set-role-requirements.js';
import { PageOperations } from './page-operations.service.js';
import { RoleRequirements } from './role-requirements.service.js';
import { roles, roleWords } from './user.js';
import type { UserVisit } from './sessions/visit.js';
import { Visits } from './sessions/visits.service.js';

/** What administrators demand of each role. */
@Controller(routes.roles)
export class RolesController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.openFor(request), await this.requirements.load(), {});
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const wanted = new Set(form.all('secondFactor'));
    const before = await this.requirements.load();
    if (refusal)
      return this.show(visit, form.names.length > 0 ? wanted : before, { status: 403, error: refusal.sentence });
    const secondFactor = Object.fromEntries(roles.map((role) => [role, wanted.has(role)]));
    const outcome = await this.operations.execute(SetRoleRequirements, secondFactor, { visit, form });
    if ('refusal' in outcome) return this.show(visit, wanted, outcome.refusal);
    return Reply.redirect(`${routes.roles}?done=saved`, { cookies: visit.cookies });
  }

  private show(
    visit: UserVisit,
    demanding: ReadonlySet<string>,
    shown: { readonly status?: number; readonly error?: Sentence },
  ): Reply {
    return this.visits.page(
      visit,
      'users/roles',
      {
        roles: roles.map((role) => ({ role, words: roleWords[role], checked: demanding.has(role) })),
        error: shown.error,
        notice: query(visit.request).text('done') === 'saved' && shown.status === undefined ? 'Saved.' : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async openFor(request: WebRequest): Promise<UserVisit> {
    const visit = await this.visits.requireUser(request);
    this.visits.requireRole(visit, 'admin');
    return visit;
  }
}
