import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import { routes } from '../web/routes.js';
import { type Sentence, text } from '../i18n/text.js';
import { DeleteUser } from '../users/operations/delete-user.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserVisit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { OwnData } from './own-data.service.js';

interface Shown {
  readonly typed?: string;
  readonly status?: number;
  readonly error?: Sentence;
  readonly problem?: Sentence | undefined;
}

/** What the account holds, as a file, and the end of the account. */
@Controller()
export class OwnDataController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
    @Inject(OwnData) private readonly data: OwnData,
  ) {}

  @Get(routes.ownData)
  async download(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    return Reply.jsonText(JSON.stringify(await this.data.of(visit), undefined, 2), {
      headers: { 'Cache-Control': 'no-store', 'Content-Disposition': 'attachment; filename="gatehouse-account.json"' },
    });
  }

  @Get(routes.deleteAccount)
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.requireUser(request), {});
  }

  @Post(routes.deleteAccount)
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    const typed = form.text('username').trim();
    if (refusal) return this.show(visit, { typed, status: 403, error: text(refusal.id) });
    const input = { id: visit.user.id, typedUsername: typed };
    const outcome = await this.operations.execute(DeleteUser, input, { visit, form });
    if ('refusal' in outcome) {
      const { status, problems } = outcome.refusal;
      if (status === 422) return this.show(visit, { typed, status, problem: problems[0]?.message });
      return this.show(visit, { typed, status, error: text('delete.lastAdmin') });
    }
    return this.visits.page(
      { ...visit, user: undefined, session: undefined, cookies: [...visit.cookies, ...this.visits.noSessionCookies()] },
      'account/deleted',
      {},
    );
  }

  private async show(visit: UserVisit, shown: Shown): Promise<Reply> {
    return this.visits.page(
      visit,
      'account/delete',
      {
        username: visit.user.username,
        missing: await this.fresh.missing(visit, routes.deleteAccount),
        typed: shown.typed ?? '',
        problem: shown.problem,
        firstProblem: shown.problem && 'username',
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }
}
