import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import { sendsMail, type Settings } from '../config/settings.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { RetryMessages } from '../outbox/operations/retry-messages.js';
import { Outbox } from '../outbox/outbox.service.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

const pageSize = 25;
const maxRetried = 1000;

const kindWords: Readonly<Record<string, string>> = {
  mail: 'Mail',
  'password-reset': 'Password reset',
  'backchannel-logout': 'Logout',
  'backchannel-logout-unapproved': 'Logout (application not approved)',
};

/** The queue of outgoing messages: mail and logout notifications. */
@Controller(routes.messages)
export class MessagesController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), {});
  }

  @Post()
  async retry(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    if (refusal) return this.show(context, { status: 403, error: refusal.sentence });
    const id = form.text('message');
    const selectors =
      form.get('action') === 'retry-failed'
        ? (await this.outbox.list({ failedOnly: true, limit: maxRetried })).map(({ selector }) => Number(selector))
        : /^\d{1,15}$/.test(id)
          ? [Number(id)]
          : [];
    if (selectors.length === 0 && form.get('action') !== 'retry-failed') throw new PageError('form.invalid');
    await this.operations.execute(RetryMessages, { selectors }, { context, form });
    return Reply.redirect(`${routes.messages}?done=retried`, { cookies: context.cookies });
  }

  private async show(
    context: UserRequestContext,
    shown: { readonly status?: number; readonly error?: string },
  ): Promise<Reply> {
    const parameters = query(context.request);
    const failedOnly = parameters.text('state') === 'given-up';
    const text = parameters.text('after');
    const after = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    const found = await this.outbox.list({
      failedOnly,
      limit: pageSize + 1,
      ...(after === undefined ? {} : { after }),
    });
    const page = found.slice(0, pageSize);
    const { waiting, failed } = await this.outbox.backlog();
    return this.contexts.page(
      context,
      'admin/messages',
      {
        waiting,
        failed,
        failedOnly,
        toFolder: !sendsMail(this.settings),
        messages: page.map((message) => ({
          id: message.selector,
          kind: kindWords[message.kind] ?? message.kind,
          destination: message.destination,
          state: message.state,
          isFailed: message.state === 'given up',
          attempts: message.attempts,
          createdAt: message.createdAt,
          dueAt: message.dueAt,
          lastFailure: message.lastFailure,
        })),
        isFirst: after === undefined,
        next: found.length > pageSize ? page.at(-1)?.selector : undefined,
        error: shown.error,
        notice:
          parameters.text('done') === 'retried' && shown.status === undefined ? 'They are tried again now.' : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}
