import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { text, type Message } from '../i18n/message.js';
import { EmailChanges, type EmailChange } from '../users/email-changes.service.js';
import { ConfirmEmail } from '../users/operations/confirm-email.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { LinkTokens } from './link-tokens.js';
import { SignInInteractions } from './sign-in-interactions.service.js';

/** Confirms an email address by the link that was sent to it. Opening the link changes nothing: only submitting the form does. */
@Controller(routes.confirmEmail)
export class ConfirmEmailController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(EmailChanges) private readonly changes: EmailChanges,
    @Inject(LinkTokens) private readonly tokens: LinkTokens,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const presented = query(request).get('token');
    const token = presented ?? this.tokens.get(context, 'email');
    const change = await this.changeOf(token, context);
    if (presented !== undefined) return this.tokens.keep(context, 'email', presented, routes.confirmEmail);
    return this.show(context, change, token, {});
  }

  @Post()
  async confirm(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const token = form.get('token') ?? this.tokens.get(context, 'email');
    const change = await this.changeOf(token, context);
    if (refusal) return this.show(context, change, token, { status: 403, error: text(refusal.id) });
    const outcome = await this.operations.executeForVisitor(
      ConfirmEmail,
      { token },
      { context, linkedUserId: change.userId },
    );
    // The form has no input that could be invalid: the only possible error is a link that can no longer be used.
    if ('refusal' in outcome) throw new PageError('link.spent');
    const offered = await this.interactions.offered(context);
    return this.contexts.page(
      context,
      'sign-in/email-confirmed',
      { email: change.email, href: offered?.href ?? routes.account, clientName: offered?.clientName },
      { cookies: [this.tokens.removed('email')] },
    );
  }

  private async changeOf(token: string, context: RequestContext): Promise<EmailChange> {
    const change = await this.changes.open(token, context.now);
    if (!change) throw new PageError('link.spent');
    return change;
  }

  private show(
    context: RequestContext,
    { username, email }: EmailChange,
    token: string,
    shown: { readonly status?: number; readonly error?: Message },
  ): Reply {
    const model = { username, email, token, action: routes.confirmEmail, error: shown.error };
    return this.contexts.page(context, 'sign-in/confirm-email', model, { status: shown.status ?? 200 });
  }
}
