import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { Factors } from '../users/factors/factors.service.js';
import { problemModel, type FieldProblem } from '../web/form-problems.js';
import { WithdrawConsent } from '../consents/operations/withdraw-consent.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { type Sentence, text } from '../i18n/text.js';
import { EndSessions } from '../users/sessions/operations/end-sessions.js';
import { NewPasswords } from '../users/credentials/new-passwords.service.js';
import { PageOperations, type Submission } from '../users/page-operations.service.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import type { UserVisit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { browserName } from '../users/sessions/browser-name.js';
import { ConnectedApplications } from './connected-applications.service.js';
import { ChangeOwnPassword } from './operations/change-own-password.js';
import { EndOtherSessions } from './operations/end-other-sessions.js';
import { OtherSessions } from './other-sessions.service.js';

const notices: Readonly<Record<string, Sentence>> = {
  password: text('account.passwordChanged'),
  session: text('account.sessionEnded'),
  sessions: text('account.sessionsEnded'),
  withdrawn: text('account.withdrawn'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Sentence;
  readonly problems?: readonly FieldProblem[];
}

/** A person's own page: password, sessions, connected applications. Each form says by `action` what it wants. */
@Controller(routes.account)
export class AccountController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(OtherSessions) private readonly others: OtherSessions,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(ConnectedApplications) private readonly applications: ConnectedApplications,
    @Inject(Factors) private readonly factors: Factors,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.visits.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    if (refusal) return this.show(visit, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'password':
        return this.changePassword(visit, form);
      case 'end-session':
        return this.endSession({ visit, form }, form.text('session'));
      case 'end-other-sessions':
        await this.operations.execute(
          EndOtherSessions,
          {
            keepSessionId: visit.session.id,
            offline: form.get('applications') === 'yes',
            trustedBrowsers: form.get('browsers') === 'yes',
          },
          { visit, form },
        );
        return done(visit, 'sessions', 'sessions');
      case 'withdraw':
        await this.operations.execute(WithdrawConsent, { clientId: form.text('client') }, { visit, form });
        return done(visit, 'withdrawn', 'applications');
      default:
        throw new PageError('form.invalid');
    }
  }

  private async changePassword(visit: UserVisit, form: Form): Promise<Reply> {
    const input = {
      currentPassword: form.text('currentPassword'),
      newPassword: form.text('newPassword'),
      keepSessionId: visit.session.id,
    };
    const outcome = await this.operations.execute(ChangeOwnPassword, input, { visit, form });
    return 'refusal' in outcome ? this.show(visit, outcome.refusal) : done(visit, 'password', 'password');
  }

  private async endSession(submission: Submission, id: string): Promise<Reply> {
    const { visit } = submission;
    const own = await this.sessions.listOf(visit.user.id, visit.now);
    // Gone already is what was wanted; another person's is as if it were not there.
    if (own.some((session) => session.id === id)) await this.operations.execute(EndSessions, { ids: [id] }, submission);
    return done(visit, 'session', 'sessions');
  }

  private async show(visit: UserVisit, shown: Shown): Promise<Reply> {
    const sessions = await this.sessions.listOf(visit.user.id, visit.now);
    return this.visits.page(
      visit,
      'account/account',
      {
        user: { username: visit.user.username, name: visit.user.name, email: visit.user.email },
        minimum: await this.passwords.minimum(visit.user.id),
        missing: await this.signIns.missing(visit, routes.account),
        hasFactor: await this.factors.hasAny(visit.user.id),
        sessions: sessions.map((session) => ({
          id: session.id,
          isCurrent: session.id === visit.session.id,
          isPartial: !session.full,
          browser: browserName(session.userAgent),
          address: session.address,
          createdAt: session.createdAt,
          lastSeenAt: session.lastSeenAt,
        })),
        hasOthers: sessions.some((session) => session.id !== visit.session.id),
        remaining: await this.others.remaining(visit),
        applications: await this.applications.listOf(visit),
        ...problemModel(shown.problems ?? []),
        error: shown.error,
        notice: shown.status === undefined ? notices[query(visit.request).text('done')] : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}

function done(visit: UserVisit, what: string, section: string): Reply {
  return Reply.redirect(`${routes.account}?done=${what}#${section}`, { cookies: visit.cookies });
}
