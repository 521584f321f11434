import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { ClientLogos } from '../clients/client-logos.service.js';
import { SETTINGS } from '../config/settings.token.js';
import { sendsMail, type Settings } from '../config/settings.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import { RequestPasswordReset } from '../users/credentials/operations/request-password-reset.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { pageOptionsOf, SignInInteractions } from './sign-in-interactions.service.js';

interface Shown {
  readonly status?: number;
  readonly error?: Message | undefined;
  readonly problem?: Message | undefined;
  readonly sent?: boolean;
}

/** "Forgot your password?": the same response whether or not an account has the address. */
@Controller(routes.forgotPassword)
export class ForgotPasswordController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SignInInteractions) private readonly interactions: SignInInteractions,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.open(request), query(request).get('request'), '', {});
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const id = form.get('request') || query(request).get('request');
    const email = form.text('email').trim();
    if (refusal) return this.show(context, id, email, { status: 403, error: text(refusal.id) });
    // The same for every address: without a mail server no link can be sent.
    if (!sendsMail(this.settings)) return this.show(context, id, '', { status: 409 });
    const input = { email, addressKey: context.addressKey };
    const outcome = await this.operations.executeForVisitor(RequestPasswordReset, input, { context });
    if ('result' in outcome) return this.show(context, id, email, { sent: true });
    const { status, error, problems } = outcome.refusal;
    return this.show(context, id, email, { status, error, problem: problems[0]?.message });
  }

  private async show(context: RequestContext, id: string | undefined, email: string, shown: Shown): Promise<Reply> {
    const { interaction, client } = await this.interactions.find(context, id);
    return this.contexts.page(
      context,
      'sign-in/forgot-password',
      {
        clientName: client?.name,
        clientLogo: this.logos.addressOf(client),
        sendsMail: sendsMail(this.settings),
        pending: interaction?.id,
        email,
        error: shown.error,
        problem: shown.problem,
        firstProblem: shown.problem && 'email',
        asked: shown.sent,
        loginHref: routes.login + (interaction ? `?request=${encodeURIComponent(interaction.id)}` : ''),
      },
      { status: shown.status ?? 200, ...pageOptionsOf(interaction) },
    );
  }
}
