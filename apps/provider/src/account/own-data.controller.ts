import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import { DeleteUser } from '../users/operations/delete-user.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { OwnData } from './own-data.service.js';

interface Shown {
  readonly typed?: string;
  readonly status?: number;
  readonly error?: Message;
  readonly problem?: Message | undefined;
}

/** Exports the data of the user's account, and deletes the account. */
@Controller()
export class OwnDataController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RecentSignIns) private readonly recentSignIns: RecentSignIns,
    @Inject(OwnData) private readonly data: OwnData,
  ) {}

  @Get(routes.ownData)
  async download(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    return Reply.jsonText(JSON.stringify(await this.data.of(context), undefined, 2), {
      headers: { 'Cache-Control': 'no-store', 'Content-Disposition': 'attachment; filename="gatehouse-account.json"' },
    });
  }

  @Get(routes.deleteAccount)
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.requireUser(request), {});
  }

  @Post(routes.deleteAccount)
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    const typed = form.text('username').trim();
    if (refusal) return this.show(context, { typed, status: 403, error: text(refusal.id) });
    const input = { id: context.user.id, typedUsername: typed };
    const outcome = await this.operations.execute(DeleteUser, input, { context, form });
    if ('refusal' in outcome) {
      const { status, problems } = outcome.refusal;
      if (status === 422) return this.show(context, { typed, status, problem: problems[0]?.message });
      return this.show(context, { typed, status, error: text('delete.lastAdmin') });
    }
    return this.contexts.page(
      {
        ...context,
        user: undefined,
        session: undefined,
        cookies: [...context.cookies, ...this.contexts.noSessionCookies()],
      },
      'account/deleted',
      {},
    );
  }

  private async show(context: UserRequestContext, shown: Shown): Promise<Reply> {
    return this.contexts.page(
      context,
      'account/delete',
      {
        username: context.user.username,
        missing: await this.recentSignIns.missing(context, routes.deleteAccount),
        typed: shown.typed ?? '',
        problem: shown.problem,
        firstProblem: shown.problem && 'username',
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }
}
