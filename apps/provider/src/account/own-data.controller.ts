import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { RecentSignIns } from '../users/recent-sign-ins.service.js';
import { routes } from '../http/routes.js';
import { type Sentence, text } from '../texts/text.js';
import { actorOf } from '../users/actor.js';
import { UsersService } from '../users/users.service.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { OwnData } from './own-data.service.js';

interface Shown {
  readonly typed?: string;
  readonly status?: number;
  readonly error?: Sentence;
  readonly problem?: Sentence;
}

/** What the account holds, as a file, and the end of the account. */
@Controller()
export class OwnDataController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
    @Inject(UsersService) private readonly users: UsersService,
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
    // Whoever finds a browser open must not be able to end the account.
    await this.visits.requireRecentSignIn(visit, form);
    if (typed !== visit.user.username) return this.show(visit, { typed, status: 422, problem: text('delete.wrong') });
    const outcome = await this.store.run((unit) => this.users.remove(unit, visit.user.id, actorOf(visit), visit.now));
    if (outcome === 'last admin')
      return this.show(visit, {
        typed,
        status: 409,
        error: text('delete.lastAdmin'),
      });
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
