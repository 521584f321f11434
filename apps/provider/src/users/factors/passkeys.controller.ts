import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { type Sentence, text } from '../../i18n/text.js';
import { PageOperations } from '../page-operations.service.js';
import { RecentSignIns } from '../sessions/recent-sign-ins.service.js';
import type { UserVisit } from '../sessions/visit.js';
import { Visits } from '../sessions/visits.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { Factors } from './factors.service.js';
import { AddPasskey } from './operations/add-passkey.js';
import { RenamePasskey } from './operations/rename-passkey.js';

const notices: Readonly<Record<string, Sentence>> = {
  added: text('passkeys.added'),
  renamed: text('passkeys.renamed'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Sentence | undefined;
}

/** A person's passkeys: add, rename; removal is the factors' page. */
@Controller(routes.passkeys)
export class PasskeysController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request, { limitBytes: 32 * 1024 });
    const visit = await this.visits.requireUser(request);
    if (refusal) return this.show(visit, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'add-passkey':
        return this.add(visit, form);
      case 'rename':
        return this.rename(visit, form);
      default:
        throw new PageError('form.invalid');
    }
  }

  private async add(visit: UserVisit, form: Form): Promise<Reply> {
    const input = {
      session: visit.session,
      browserId: visit.browser.id,
      attestation: form.text('attestation'),
      name: form.text('passkeyName'),
    };
    const outcome = await this.operations.execute(AddPasskey, input, { visit, form });
    if ('refusal' in outcome) {
      const { status, problems } = outcome.refusal;
      // The session has ended.
      if (status === 409) return Reply.redirect(routes.passkeys, { cookies: visit.cookies });
      return this.show(visit, { status, error: problems[0]?.message });
    }
    const { session, cookieValue, codes } = outcome.result;
    const cookies = this.visits.sessionCookiesFor(session, cookieValue);
    const continueHref = `${routes.passkeys}?done=added`;
    if (codes) return this.visits.page(visit, 'factors/recovery-codes', { codes, continueHref }, { cookies });
    return Reply.redirect(continueHref, { cookies: [...visit.cookies, ...cookies] });
  }

  private async rename(visit: UserVisit, form: Form): Promise<Reply> {
    const input = { id: form.text('passkey'), name: form.text('name').trim() };
    const outcome = await this.operations.execute(RenamePasskey, input, { visit, form });
    if ('result' in outcome) return Reply.redirect(`${routes.passkeys}?done=renamed`, { cookies: visit.cookies });
    const { status, problems } = outcome.refusal;
    return this.show(visit, { status, error: problems[0]?.message });
  }

  private async show(visit: UserVisit, shown: Shown): Promise<Reply> {
    const { passkeys: own, totp } = await this.factors.of(visit.user.id);
    const missing = await this.fresh.missing(visit, routes.passkeys);
    return this.visits.page(
      visit,
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
        enrollOptions: missing ? undefined : await this.ceremonies.enrollOptions(visit, visit.user),
        error: shown.error,
        notice: shown.status === undefined ? notices[query(visit.request).text('done')] : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}
