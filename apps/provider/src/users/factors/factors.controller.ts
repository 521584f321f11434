import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { noticeOf } from '../../web/notice.js';
import { type Message, text } from '../../i18n/message.js';
import { PageOperations, type OperationFailure } from '../page-operations.service.js';
import { RecentSignIns } from '../sessions/recent-sign-ins.service.js';
import { browserName } from '../sessions/browser-name.js';
import type { UserRequestContext } from '../sessions/request-context.js';
import { RequestContexts } from '../sessions/request-contexts.service.js';
import { PasskeyCeremonies } from './passkey-ceremonies.service.js';
import { Factors, type RemovableFactor } from './factors.service.js';
import { AddAuthenticatorApp } from './operations/add-authenticator-app.js';
import { EndTrustedBrowser } from './operations/end-trusted-browser.js';
import { MakeRecoveryCodes } from './operations/make-recovery-codes.js';
import { RemoveSecondFactor } from './operations/remove-second-factor.js';
import { TotpOffers } from './totp-offers.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

const notices: Readonly<Record<string, Message>> = {
  added: text('factors.added'),
  removed: text('factors.removed'),
  browser: text('factors.browserEnded'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Message | undefined;
  readonly problem?: Message | undefined;
}

/** The user's second factors: overview, authenticator app, recovery codes, trusted browsers. */
@Controller(routes.factors)
// eslint-disable-next-line local/max-injected-dependencies -- one page shows all factors and trusted browsers; the changes are operations
export class FactorsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(RecentSignIns) private readonly recentSignIns: RecentSignIns,
    @Inject(TotpOffers) private readonly offers: TotpOffers,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
  ) {}

  @Get()
  async overview(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'new-codes':
        return this.newCodes(context, form);
      case 'end-browser':
        return this.endBrowser(context, form);
      default:
        throw new PageError('form.invalid');
    }
  }

  @Get('app')
  async appForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    const { totp } = await this.factors.of(context.user.id);
    if (totp) return Reply.redirect(routes.factors, { cookies: context.cookies });
    return this.showApp(context, undefined, {});
  }

  @Post('app')
  async addApp(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    const sealed = form.text('offer');
    if (refusal) return this.showApp(context, sealed, { status: 403, error: text(refusal.id) });
    const input = { session: context.session, offer: sealed, otp: form.text('otp') };
    const outcome = await this.operations.execute(AddAuthenticatorApp, input, { context, form });
    if ('refusal' in outcome) return this.showAppError(context, sealed, outcome.refusal);
    const { session, cookieValue, codes } = outcome.result;
    const cookies = this.contexts.sessionCookiesFor(session, cookieValue);
    const continueHref = `${routes.factors}?done=added`;
    if (codes) return this.contexts.page(context, 'factors/recovery-codes', { codes, continueHref }, { cookies });
    return Reply.redirect(continueHref, { cookies: [...context.cookies, ...cookies] });
  }

  @Get('remove')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    return this.showRemoval(context, await this.removable(context, query(request).text('factor')), {});
  }

  @Post('remove')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    const factor = await this.removable(context, form.text('factor'));
    if (refusal) return this.showRemoval(context, factor, { status: 403, error: text(refusal.id) });
    const outcome = await this.operations.execute(
      RemoveSecondFactor,
      { factor: factor.key, password: form.text('password') },
      { context, form, page: removalAddress(factor) },
    );
    if ('result' in outcome) return Reply.redirect(`${routes.factors}?done=removed`, { cookies: context.cookies });
    const { status, error, problems } = outcome.refusal;
    return this.showRemoval(context, factor, { status, error, problem: problems[0]?.message });
  }

  /** An app exists already, the session has ended, or the offer or its code is invalid. */
  private showAppError(
    context: UserRequestContext,
    sealed: string,
    { status, problems }: OperationFailure,
  ): Reply | Promise<Reply> {
    if (status === 409) return Reply.redirect(routes.factors, { cookies: context.cookies });
    const [problem] = problems;
    if (problem?.field === 'otp') return this.showApp(context, sealed, { status, problem: problem.message });
    return this.showApp(context, undefined, { status, error: problem?.message });
  }

  private async newCodes(context: UserRequestContext, form: Form): Promise<Reply> {
    const outcome = await this.operations.execute(MakeRecoveryCodes, {}, { context, form });
    if ('refusal' in outcome) return this.show(context, outcome.refusal);
    return this.contexts.page(context, 'factors/recovery-codes', {
      codes: outcome.result,
      continueHref: routes.factors,
    });
  }

  private async endBrowser(context: UserRequestContext, form: Form): Promise<Reply> {
    const selector = Number(form.text('browser'));
    if (Number.isSafeInteger(selector))
      await this.operations.execute(EndTrustedBrowser, { selector }, { context, form });
    return Reply.redirect(`${routes.factors}?done=browser#browsers`, { cookies: context.cookies });
  }

  private async removable(context: UserRequestContext, factor: string): Promise<RemovableFactor> {
    const found = await this.factors.findRemovable(context.user.id, factor);
    if (!found) throw new PageError('record.not_found');
    return found;
  }

  private async show(context: UserRequestContext, shown: Shown): Promise<Reply> {
    const own = await this.factors.of(context.user.id);
    const browsers = await this.trusted.listOf(context, context.user.id);
    return this.contexts.page(
      context,
      'factors/overview',
      {
        missing: await this.recentSignIns.missing(context, routes.factors),
        totp: own.totp,
        passkeys: own.passkeys.map(({ id, name, lastUsedAt }) => ({ id, name, lastUsedAt })),
        passkeysPossible: this.ceremonies.possible,
        hasAny: own.totp !== undefined || own.passkeys.length > 0,
        codesLeft: own.codesLeft,
        fewCodes: own.codesLeft < 3,
        browsers: browsers.map((browser) => ({
          selector: browser.selector,
          name: browserName(browser.userAgent),
          address: browser.address,
          lastUsedAt: browser.lastUsedAt,
          expiresAt: browser.expiresAt,
          isThisOne: browser.isThisOne,
        })),
        error: shown.error,
        notice: shown.status === undefined ? noticeOf(notices, query(context.request).text('done')) : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async showApp(context: UserRequestContext, sealed: string | undefined, shown: Shown): Promise<Reply> {
    const missing = await this.recentSignIns.missing(context, `${routes.factors}/app`);
    return this.contexts.page(
      context,
      'factors/app',
      {
        missing,
        isFirstFactor: !(await this.factors.hasAny(context.user.id)),
        offer: missing ? undefined : await this.offers.make(context.user, context.now, sealed),
        problem: shown.problem,
        firstProblem: shown.problem && 'otp',
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async showRemoval(context: UserRequestContext, factor: RemovableFactor, shown: Shown): Promise<Reply> {
    return this.contexts.page(
      context,
      'factors/remove',
      {
        missing: await this.recentSignIns.missing(context, removalAddress(factor)),
        factor,
        username: context.user.username,
        asksPassword: factor.isLast && context.user.hasPassword,
        problem: shown.problem,
        firstProblem: shown.problem && 'password',
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }
}

function removalAddress(factor: RemovableFactor): string {
  return `${routes.factors}/remove?factor=${encodeURIComponent(factor.key)}`;
}
