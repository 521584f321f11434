import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import { sendsMail, type Settings } from '../config/settings.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import { routes } from '../web/routes.js';
import { type Sentence, text } from '../i18n/text.js';
import { RequestEmailChange } from '../users/operations/request-email-change.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserVisit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';

interface Shown {
  readonly typed?: string;
  readonly status?: number;
  readonly error?: Sentence | undefined;
  readonly problem?: Sentence | undefined;
}

/** A person's address: a new one counts when the mail that was sent there was opened. */
@Controller(routes.email)
export class EmailController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.requireUser(request), {});
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    const typed = form.text('email').trim();
    if (refusal) return this.show(visit, { typed, status: 403, error: text(refusal.id) });
    if (!sendsMail(this.settings)) return this.show(visit, { status: 409 });
    const outcome = await this.operations.execute(RequestEmailChange, { email: typed }, { visit, form });
    if ('result' in outcome) return Reply.redirect(`${routes.email}?done=sent`, { cookies: visit.cookies });
    const { status, error, problems } = outcome.refusal;
    return this.show(visit, { typed, status, error, problem: problems[0]?.message });
  }

  private async show(visit: UserVisit, shown: Shown): Promise<Reply> {
    const { email, emailVerified } = visit.user;
    const isSent = query(visit.request).text('done') === 'sent' && shown.status === undefined;
    return this.visits.page(
      visit,
      'account/email',
      {
        email,
        emailVerified,
        sendsMail: sendsMail(this.settings),
        typed: shown.typed ?? (emailVerified ? '' : (email ?? '')),
        missing: await this.fresh.missing(visit, routes.email),
        problem: shown.problem,
        firstProblem: shown.problem && 'email',
        error: shown.error,
        notice: isSent ? text('email.sent') : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}
