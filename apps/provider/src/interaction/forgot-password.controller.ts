import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { isEmailAddress } from '@gatehouse/domain/kernel';
import { Store } from '@gatehouse/server/database/store';
import { PageForms } from '@gatehouse/server/web/page-forms';
import type { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { SETTINGS } from '../config/settings.token.js';
import { sendsMail, type Settings } from '../config/settings.js';
import { routes } from '../http/routes.js';
import { type Sentence, text } from '../texts/text.js';
import { PasswordResets } from '../users/password-resets.service.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { pageOptionsOf, PendingLogins } from './pending.service.js';

interface Shown {
  readonly status?: number;
  readonly error?: Sentence;
  readonly problem?: Sentence;
  readonly asked?: boolean;
}

/** "Forgot your password?": the same answer whether anybody has the address or not. */
@Controller(routes.forgotPassword)
export class ForgotPasswordController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(PasswordResets) private readonly resets: PasswordResets,
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
    if (!isEmailAddress(email)) return this.show(visit, id, email, { status: 422, problem: text('problem.email') });
    const taken = await this.store.run((unit) => this.resets.ask(unit, email, visit.addressKey, visit.now));
    if (!taken)
      return this.show(visit, id, email, {
        status: 429,
        error: text('forgot.throttled'),
      });
    return this.show(visit, id, email, { asked: true });
  }

  private async show(visit: Visit, id: string | undefined, email: string, shown: Shown): Promise<Reply> {
    const { kept, client } = await this.pending.find(visit, id);
    return this.visits.page(
      visit,
      'interaction/forgot-password',
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
