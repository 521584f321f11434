import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import { sendsMail, type Settings } from '../config/settings.js';
import { routes } from '../web/routes.js';
import { type Sentence, text } from '../i18n/text.js';
import { RequestPasswordReset } from '../users/credentials/operations/request-password-reset.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { Visit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { pageOptionsOf, PendingLogins } from './pending.service.js';

interface Shown {
  readonly status?: number;
  readonly error?: Sentence | undefined;
  readonly problem?: Sentence | undefined;
  readonly asked?: boolean;
}

/** "Forgot your password?": the same answer whether anybody has the address or not. */
@Controller(routes.forgotPassword)
export class ForgotPasswordController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.open(request), query(request).get('request'), '', {});
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const id = form.get('request') || query(request).get('request');
    const email = form.text('email').trim();
    if (refusal) return this.show(visit, id, email, { status: 403, error: text(refusal.id) });
    // The same for every address: without a mail server nobody can be told anything.
    if (!sendsMail(this.settings)) return this.show(visit, id, '', { status: 409 });
    const input = { email, addressKey: visit.addressKey };
    const outcome = await this.operations.executeForVisitor(RequestPasswordReset, input, { visit });
    if ('result' in outcome) return this.show(visit, id, email, { asked: true });
    const { status, error, problems } = outcome.refusal;
    return this.show(visit, id, email, { status, error, problem: problems[0]?.message });
  }

  private async show(visit: Visit, id: string | undefined, email: string, shown: Shown): Promise<Reply> {
    const { kept, client } = await this.pending.find(visit, id);
    return this.visits.page(
      visit,
      'sign-in/forgot-password',
      {
        clientName: client?.name,
        sendsMail: sendsMail(this.settings),
        pending: kept?.id,
        email,
        error: shown.error,
        problem: shown.problem,
        asked: shown.asked,
        loginHref: routes.login + (kept ? `?request=${encodeURIComponent(kept.id)}` : ''),
      },
      { status: shown.status ?? 200, ...pageOptionsOf(kept) },
    );
  }
}
