import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { noticeOf } from '../../web/notice.js';
import { type Message, text } from '../../i18n/message.js';
import { PageOperations } from '../page-operations.service.js';
import { RecentSignIns } from '../sessions/recent-sign-ins.service.js';
import type { UserRequestContext } from '../sessions/request-context.js';
import { RequestContexts } from '../sessions/request-contexts.service.js';
import { PasskeyCeremonies } from './passkey-ceremonies.service.js';
import { Factors } from './factors.service.js';
import { AddPasskey } from './operations/add-passkey.js';
import { RenamePasskey } from './operations/rename-passkey.js';

const notices: Readonly<Record<string, Message>> = {
  added: text('passkeys.added'),
  renamed: text('passkeys.renamed'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Message | undefined;
}

/** Adds and renames the user's passkeys; {@link FactorsController} removes them. */
@Controller(routes.passkeys)
export class PasskeysController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
    @Inject(RecentSignIns) private readonly recentSignIns: RecentSignIns,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request, { limitBytes: 32 * 1024 });
    const context = await this.contexts.requireUser(request);
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'add-passkey':
        return this.add(context, form);
      case 'rename':
        return this.rename(context, form);
      default:
        throw new PageError('form.invalid');
    }
  }

  private async add(context: UserRequestContext, form: Form): Promise<Reply> {
    const input = {
      session: context.session,
      browserId: context.browser.id,
      attestation: form.text('attestation'),
      name: form.text('passkeyName'),
    };
    const outcome = await this.operations.execute(AddPasskey, input, { context, form });
    if ('refusal' in outcome) {
      const { status, problems } = outcome.refusal;
      // The session has ended.
      if (status === 409) return Reply.redirect(routes.passkeys, { cookies: context.cookies });
      return this.show(context, { status, error: problems[0]?.message });
    }
    const { session, cookieValue, codes } = outcome.result;
    const cookies = this.contexts.sessionCookiesFor(session, cookieValue);
    const continueHref = `${routes.passkeys}?done=added`;
    if (codes) return this.contexts.page(context, 'factors/recovery-codes', { codes, continueHref }, { cookies });
    return Reply.redirect(continueHref, { cookies: [...context.cookies, ...cookies] });
  }

  private async rename(context: UserRequestContext, form: Form): Promise<Reply> {
    const input = { id: form.text('passkey'), name: form.text('name').trim() };
    const outcome = await this.operations.execute(RenamePasskey, input, { context, form });
    if ('result' in outcome) return Reply.redirect(`${routes.passkeys}?done=renamed`, { cookies: context.cookies });
    const { status, problems } = outcome.refusal;
    return this.show(context, { status, error: problems[0]?.message });
  }

  private async show(context: UserRequestContext, shown: Shown): Promise<Reply> {
    const { passkeys: own, totp } = await this.factors.of(context.user.id);
    const missing = await this.recentSignIns.missing(context, routes.passkeys);
    return this.contexts.page(
      context,
      'factors/passkeys',
      {
        missing: this.ceremonies.possible ? missing : undefined,
        isPossible: this.ceremonies.possible,
        usesPasskeys: this.ceremonies.possible,
        passkeys: own.map(({ id, name, synced, createdAt, lastUsedAt }) => ({
          id,
          name,
          synced,
          createdAt,
          lastUsedAt,
        })),
        isFirstFactor: own.length === 0 && !totp,
        enrollOptions: missing ? undefined : await this.ceremonies.enrollOptions(context, context.user),
        error: shown.error,
        notice: shown.status === undefined ? noticeOf(notices, query(context.request).text('done')) : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}
