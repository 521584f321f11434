import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { text, type Sentence } from '../i18n/text.js';
import { EmailChanges, type EmailChange } from '../users/email-changes.service.js';
import { ConfirmEmail } from '../users/operations/confirm-email.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { Visit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { LinkTokens } from './link-tokens.js';
import { PendingLogins } from './pending.service.js';

/** Confirms an address by the link that was sent there. Opening it changes nothing: only sending the form does. */
@Controller(routes.confirmEmail)
export class ConfirmEmailController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(EmailChanges) private readonly changes: EmailChanges,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const presented = query(request).get('token');
    const token = presented ?? this.tokens.get(visit, 'email');
    const change = await this.changeOf(token, visit);
    if (presented !== undefined) return this.tokens.keep(visit, 'email', presented, routes.confirmEmail);
    return this.show(visit, change, token, {});
  }

  @Post()
  async confirm(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const token = form.get('token') ?? this.tokens.get(visit, 'email');
    const change = await this.changeOf(token, visit);
    if (refusal) return this.show(visit, change, token, { status: 403, error: text(refusal.id) });
    const outcome = await this.operations.executeForVisitor(
      ConfirmEmail,
      { token },
      { visit, linkedUserId: change.userId },
    );
    // It takes nothing that could be wrong: a link that cannot be used any more is answered with its own page.
    if ('refusal' in outcome) throw new PageError('link.spent');
    const waiting = await this.pending.offered(visit);
    return this.visits.page(
      visit,
      'sign-in/email-confirmed',
      { email: change.email, href: waiting?.href ?? routes.account, clientName: waiting?.clientName },
      { cookies: [this.tokens.removed('email')] },
    );
  }

  private async changeOf(token: string, visit: Visit): Promise<EmailChange> {
    const change = await this.changes.open(token, visit.now);
    if (!change) throw new PageError('link.spent');
    return change;
  }

  private show(
    visit: Visit,
    { username, email }: EmailChange,
    token: string,
    shown: { readonly status?: number; readonly error?: Sentence },
  ): Reply {
    const model = { username, email, token, action: routes.confirmEmail, error: shown.error };
    return this.visits.page(visit, 'sign-in/confirm-email', model, { status: shown.status ?? 200 });
  }
}
