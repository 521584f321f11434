import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { type Sentence, text } from '../texts/text.js';
import { actorOf } from '../users/actor.js';
import { browserName } from '../users/browser-name.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { Enrolment } from './enrolment.service.js';
import { Factors } from './factors.service.js';
import { RecentSignIns } from '../users/recent-sign-ins.service.js';
import { Removal, type Removable } from './removal.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

const notices: Readonly<Record<string, Sentence>> = {
  added: text('factors.added'),
  removed: text('factors.removed'),
  browser: text('factors.browserEnded'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Sentence;
  readonly problem?: Sentence;
}

/** A person's second factors: overview, the authenticator app, recovery codes, trusted browsers. */
@Controller(routes.factors)
export class FactorsController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(RecentSignIns) private readonly fresh: RecentSignIns,
    @Inject(Enrolment) private readonly enrolment: Enrolment,
    @Inject(Removal) private readonly removal: Removal,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(AuditService) private readonly audit: AuditService,
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
    await this.visits.requireRecentSignIn(visit, form);
    const outcome = await this.enrolment.addTotp(visit, visit.user, { sealed, code: form.text('otp') });
    switch (outcome.kind) {
      case 'wrong':
        return this.showApp(visit, sealed, {
          status: 422,
          problem: text('app.wrong'),
        });
      case 'expired':
        return this.showApp(visit, undefined, {
          status: 422,
          error: text('app.expired'),
        });
      case 'exists':
      case 'ended':
        return Reply.redirect(routes.factors, { cookies: visit.cookies });
      case 'added':
        if (outcome.codes)
          return this.visits.page(
            visit,
            'factors/recovery-codes',
            { codes: outcome.codes, continueHref: `${routes.factors}?done=added` },
            { cookies: outcome.cookies },
          );
        return Reply.redirect(`${routes.factors}?done=added`, { cookies: [...visit.cookies, ...outcome.cookies] });
    }
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
    await this.visits.requireRecentSignIn(visit, form, removalAddress(factor));
    const outcome = await this.removal.remove(visit, factor, form.text('password'));
    if (outcome === 'removed') return Reply.redirect(`${routes.factors}?done=removed`, { cookies: visit.cookies });
    if (outcome === 'throttled')
      return this.showRemoval(visit, factor, {
        status: 429,
        error: text('account.wrongPasswords'),
      });
    return this.showRemoval(visit, factor, { status: 422, problem: outcome.problem });
  }

  private async newCodes(visit: UserVisit, form: Form): Promise<Reply> {
    await this.visits.requireRecentSignIn(visit, form);
    if (!(await this.factors.hasAny(visit.user.id))) throw new PageError('form.invalid');
    const codes = await this.enrolment.renewCodes(visit);
    return this.visits.page(visit, 'factors/recovery-codes', { codes, continueHref: routes.factors });
  }

  /** No fresh login is asked for: it only makes the next login there harder. */
  private async endBrowser(visit: UserVisit, form: Form): Promise<Reply> {
    const selector = Number(form.text('browser'));
    if (Number.isSafeInteger(selector))
      await this.store.run(async (unit) => {
        if (!(await this.trusted.end(unit, visit.user.id, selector))) return;
        await this.audit.record(unit, { type: 'browser.untrusted', ...actorOf(visit), subjectId: visit.user.id });
      });
    return Reply.redirect(`${routes.factors}?done=browser#browsers`, { cookies: visit.cookies });
  }

  private async removable(visit: UserVisit, factor: string): Promise<Removable> {
    const found = await this.removal.find(visit.user.id, factor);
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
        offer: missing ? undefined : await this.enrolment.offerTotp(visit, visit.user, sealed),
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
