import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { routes } from '../http/routes.js';
import { actorOf } from './actor.js';
import { RoleRequirements } from './role-requirements.service.js';
import { roles, roleWords } from './user.js';
import type { UserVisit } from './visit.js';
import { Visits } from './visits.service.js';

/** What administrators demand of each role. */
@Controller(routes.roles)
export class RolesController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
    @Inject(AuditService) private readonly audit: AuditService,
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
    await this.visits.requireRecentSignIn(visit, form);
    await this.store.run(async (unit) => {
      for (const role of roles) {
        const secondFactor = wanted.has(role);
        if (secondFactor === before.has(role)) continue;
        await this.requirements.set(unit, role, secondFactor ? 1 : 0, visit.now);
        await this.audit.record(unit, {
          type: 'role.updated',
          ...actorOf(visit),
          subjectId: role,
          details: { secondFactor },
        });
      }
    });
    this.requirements.forget();
    return Reply.redirect(`${routes.roles}?done=saved`, { cookies: visit.cookies });
  }

  private show(
    visit: UserVisit,
    demanding: ReadonlySet<string>,
    shown: { readonly status?: number; readonly error?: string },
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
