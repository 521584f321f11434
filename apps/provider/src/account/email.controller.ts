import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import { sendsMail, type Settings } from '../config/settings.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import { RequestEmailChange } from '../users/operations/request-email-change.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

interface Shown {
  readonly typed?: string;
  readonly status?: number;
  readonly error?: Message | undefined;
  readonly problem?: Message | undefined;
}

/** The user's e-mail address: a new one takes effect when its owner follows the link that was sent to it. */
@Controller(routes.email)
export class EmailController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(RecentSignIns) private readonly recentSignIns: RecentSignIns,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.requireUser(request), {});
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    const typed = form.text('email').trim();
    if (refusal) return this.show(context, { typed, status: 403, error: text(refusal.id) });
    if (!sendsMail(this.settings)) return this.show(context, { status: 409 });
    const outcome = await this.operations.execute(RequestEmailChange, { email: typed }, { context, form });
    if ('result' in outcome) return Reply.redirect(`${routes.email}?done=sent`, { cookies: context.cookies });
    const { status, error, problems } = outcome.refusal;
    return this.show(context, { typed, status, error, problem: problems[0]?.message });
  }

  private async show(context: UserRequestContext, shown: Shown): Promise<Reply> {
    const { email, emailVerified } = context.user;
    const isSent = query(context.request).text('done') === 'sent' && shown.status === undefined;
    return this.contexts.page(
      context,
      'account/email',
      {
        email,
        emailVerified,
        sendsMail: sendsMail(this.settings),
        typed: shown.typed ?? (emailVerified ? '' : (email ?? '')),
        missing: await this.recentSignIns.missing(context, routes.email),
        problem: shown.problem,
        firstProblem: shown.problem && 'email',
        error: shown.error,
        notice: isSent ? text('email.sent') : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}
