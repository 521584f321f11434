import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { type Sentence, text } from '../../i18n/text.js';
import { PageOperations, type Refusal } from '../page-operations.service.js';
import { RecentSignIns } from '../sessions/recent-sign-ins.service.js';
import { browserName } from '../sessions/browser-name.js';
import type { UserVisit } from '../sessions/visit.js';
import { Visits } from '../sessions/visits.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { Factors, type Removable } from './factors.service.js';
import { AddAuthenticatorApp } from './operations/add-authenticator-app.js';
import { EndTrustedBrowser } from './operations/end-trusted-browser.js';
import { MakeRecoveryCodes } from './operations/make-recovery-codes.js';
import { RemoveSecondFactor } from './operations/remove-second-factor.js';
import { TotpOffers } from './totp-offers.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

const notices: Readonly<Record<string, Sentence>> = {
  added: text('factors.added'),
  removed: text('factors.removed'),
  browser: text('factors.browserEnded'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Sentence | undefined;
  readonly problem?: Sentence | undefined;
}

/** A person's second factors: overview, the authenticator app, recovery codes, trusted browsers. */
@Controller(routes.factors)
export class FactorsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
    @Inject(TotpOffers) private readonly offers: TotpOffers,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
  ) {}

  @Get()
  async overview(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    if (refusal) return this.show(visit, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'new-codes':
        return this.newCodes(visit, form);
      case 'end-browser':
        return this.endBrowser(visit, form);
      default:
        throw new PageError('form.invalid');
    }
  }

  @Get('app')
  async appForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    const { totp } = await this.factors.of(visit.user.id);
    if (totp) return Reply.redirect(routes.factors, { cookies: visit.cookies });
    return this.showApp(visit, undefined, {});
  }

  @Post('app')
  async addApp(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    const sealed = form.text('offer');
    if (refusal) return this.showApp(visit, sealed, { status: 403, error: text(refusal.id) });
    const input = { session: visit.session, offer: sealed, otp: form.text('otp') };
    const outcome = await this.operations.execute(AddAuthenticatorApp, input, { visit, form });
    if ('refusal' in outcome) return this.appRefused(visit, sealed, outcome.refusal);
    const { session, cookieValue, codes } = outcome.result;
    const cookies = this.visits.sessionCookiesFor(session, cookieValue);
    const continueHref = `${routes.factors}?done=added`;
    if (codes) return this.visits.page(visit, 'factors/recovery-codes', { codes, continueHref }, { cookies });
    return Reply.redirect(continueHref, { cookies: [...visit.cookies, ...cookies] });
  }

  @Get('remove')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    return this.showRemoval(visit, await this.removable(visit, query(request).text('factor')), {});
  }

  @Post('remove')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    const factor = await this.removable(visit, form.text('factor'));
    if (refusal) return this.showRemoval(visit, factor, { status: 403, error: text(refusal.id) });
    const outcome = await this.operations.execute(
      RemoveSecondFactor,
      { factor: factor.key, password: form.text('password') },
      { visit, form, page: removalAddress(factor) },
    );
    if ('result' in outcome) return Reply.redirect(`${routes.factors}?done=removed`, { cookies: visit.cookies });
    const { status, error, problems } = outcome.refusal;
    return this.showRemoval(visit, factor, { status, error, problem: problems[0]?.message });
  }

  /** There is one already, the session has ended, or the offer or its code is not right. */
  private appRefused(visit: UserVisit, sealed: string, { status, problems }: Refusal): Reply | Promise<Reply> {
    if (status === 409) return Reply.redirect(routes.factors, { cookies: visit.cookies });
    const [problem] = problems;
    if (problem?.field === 'otp') return this.showApp(visit, sealed, { status, problem: problem.message });
    return this.showApp(visit, undefined, { status, error: problem?.message });
  }

  private async newCodes(visit: UserVisit, form: Form): Promise<Reply> {
    const outcome = await this.operations.execute(MakeRecoveryCodes, {}, { visit, form });
    if ('refusal' in outcome) return this.show(visit, outcome.refusal);
    return this.visits.page(visit, 'factors/recovery-codes', { codes: outcome.result, continueHref: routes.factors });
  }

  private async endBrowser(visit: UserVisit, form: Form): Promise<Reply> {
    const selector = Number(form.text('browser'));
    if (Number.isSafeInteger(selector)) await this.operations.execute(EndTrustedBrowser, { selector }, { visit, form });
    return Reply.redirect(`${routes.factors}?done=browser#browsers`, { cookies: visit.cookies });
  }

  private async removable(visit: UserVisit, factor: string): Promise<Removable> {
    const found = await this.factors.findRemovable(visit.user.id, factor);
    if (!found) throw new PageError('record.not_found');
    return found;
  }

  private async show(visit: UserVisit, shown: Shown): Promise<Reply> {
    const own = await this.factors.of(visit.user.id);
    const browsers = await this.trusted.listOf(visit, visit.user.id);
    return this.visits.page(
      visit,
      'factors/overview',
      {
        missing: await this.fresh.missing(visit, routes.factors),
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
        notice: shown.status === undefined ? notices[query(visit.request).text('done')] : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async showApp(visit: UserVisit, sealed: string | undefined, shown: Shown): Promise<Reply> {
    const missing = await this.fresh.missing(visit, `${routes.factors}/app`);
    return this.visits.page(
      visit,
      'factors/app',
      {
        missing,
        isFirstFactor: !(await this.factors.hasAny(visit.user.id)),
        offer: missing ? undefined : await this.offers.make(visit.user, visit.now, sealed),
        problem: shown.problem,
        firstProblem: shown.problem && 'otp',
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async showRemoval(visit: UserVisit, factor: Removable, shown: Shown): Promise<Reply> {
    return this.visits.page(
      visit,
      'factors/remove',
      {
        missing: await this.fresh.missing(visit, removalAddress(factor)),
        factor,
        username: visit.user.username,
        asksPassword: factor.isLast && visit.user.hasPassword,
        problem: shown.problem,
        firstProblem: shown.problem && 'password',
        error: shown.error,
      },
      { status: shown.status ?? 200 },
    );
  }
}

function removalAddress(factor: Removable): string {
  return `${routes.factors}/remove?factor=${encodeURIComponent(factor.key)}`;
}
