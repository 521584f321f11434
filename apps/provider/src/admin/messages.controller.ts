import { join } from 'node:path';
import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import { mailFromOf, type Settings } from '../config/settings.js';
import { text, type Message, type TextKey } from '../i18n/message.js';
import { listAddress, listPager } from '../web/list-pager.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { SendTestMail } from '../settings/administration/operations/send-test-mail.js';
import { RetryMessages } from '../outbox/operations/retry-messages.js';
import { Outbox, type ListedMessage } from '../outbox/outbox.service.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

const pageSize = 25;
const maxRetried = 1000;

const kindTexts: Readonly<Record<string, TextKey>> = {
  mail: 'messages.kind.mail',
  'password-reset': 'messages.kind.passwordReset',
  'backchannel-logout': 'messages.kind.logout',
  'backchannel-logout-unapproved': 'messages.kind.logoutUnapproved',
};

const states: Readonly<Record<ListedMessage['state'], { readonly text: TextKey; readonly kind: string }>> = {
  waiting: { text: 'messages.waiting', kind: 'warn' },
  'being delivered': { text: 'messages.delivering', kind: 'info' },
  'given up': { text: 'messages.failed', kind: 'bad' },
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
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    if (form.get('action') === 'test') return this.sendTest(context, form);
    const id = form.text('message');
    const selectors =
      form.get('action') === 'retry-failed'
        ? (await this.outbox.list({ failedOnly: true, limit: maxRetried })).map(({ selector }) => Number(selector))
        : /^\d{1,15}$/.test(id)
          ? [Number(id)]
          : [];
    if (selectors.length === 0 && form.get('action') !== 'retry-failed') throw new PageError('form.invalid');
    await this.operations.execute(RetryMessages, { selectors }, { context, form });
    const done = listAddress(routes.messages, { ...listParameters(request), done: 'retried' });
    return Reply.redirect(done, { cookies: context.cookies });
  }

  private async sendTest(context: UserRequestContext, form: Form): Promise<Reply> {
    const outcome = await this.operations.execute(SendTestMail, {}, { context, form });
    if ('refusal' in outcome) return this.show(context, outcome.refusal);
    const { delivered, message } = outcome.result;
    return this.show(context, delivered ? { notice: message } : { error: message });
  }

  private async show(
    context: UserRequestContext,
    shown: { readonly status?: number; readonly error?: Message; readonly notice?: Message },
  ): Promise<Reply> {
    const parameters = query(context.request);
    const position = listParameters(context.request);
    const failedOnly = position.state !== undefined;
    const after = position.after === undefined ? undefined : Number(position.after);
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
        ...this.mailServer(),
        failed,
        failedOnly,
        // Its forms keep what the list shows.
        formAction: listAddress(routes.messages, position),
        clearHref: failedOnly ? routes.messages : undefined,
        backlog: text('messages.backlog', { waiting, failed }),
        filters: [stateFilter(failedOnly)],
        messages: page.map(rowOf),
        pager: listPager(
          routes.messages,
          { state: position.state },
          {
            isFirst: after === undefined,
            next: found.length > pageSize ? page.at(-1)?.selector : undefined,
            cursor: 'after',
          },
        ),
        error: shown.error,
        notice:
          parameters.text('done') === 'retried' && shown.status === undefined ? text('messages.retried') : shown.notice,
      },
      { status: shown.status ?? 200 },
    );
  }

  /** Where mail goes; without the credentials in its URL. */
  private mailServer(): object {
    const { smtpUrl, dataDir } = this.settings;
    if (smtpUrl === undefined) return { folder: join(dataDir, 'mail') };
    const { protocol, host } = new URL(smtpUrl);
    return {
      server: [
        { label: text('messages.host'), code: `${protocol}//${host}` },
        { label: text('messages.from'), code: mailFromOf(this.settings) },
      ],
    };
  }

  private async requireAdmin(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }
}

/** What the list shows: failed messages or all, from the first or a later one. */
function listParameters(request: WebRequest): {
  readonly state: 'given-up' | undefined;
  readonly after: string | undefined;
} {
  const parameters = query(request);
  const after = parameters.text('after');
  return {
    state: parameters.text('state') === 'given-up' ? 'given-up' : undefined,
    after: /^\d{1,15}$/.test(after) ? after : undefined,
  };
}

function stateFilter(failedOnly: boolean): object {
  return {
    name: 'state',
    label: text('messages.state'),
    options: [
      { value: '', label: text('messages.all') },
      { value: 'given-up', label: text('messages.failedOnly') },
    ],
    value: failedOnly ? 'given-up' : '',
  };
}

function rowOf(message: ListedMessage): object {
  const { selector, kind, destination, state, attempts, createdAt, dueAt, lastFailure } = message;
  const key = kindTexts[kind];
  return {
    id: selector,
    kind: key === undefined ? kind : text(key),
    destination,
    state: text(states[state].text),
    stateKind: states[state].kind,
    attempts: attempts === 0 ? undefined : text('messages.attempts', { count: attempts }),
    createdAt,
    dueAt,
    lastFailure,
  };
}
