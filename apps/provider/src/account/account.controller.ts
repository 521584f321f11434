import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { Factors } from '../users/factors/factors.service.js';
import { problemModel, type FieldProblem } from '../web/form-errors.js';
import { WithdrawConsent } from '../consents/operations/withdraw-consent.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { noticeOf } from '../web/notice.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { type Message, text } from '../i18n/message.js';
import { EndSessions } from '../users/sessions/operations/end-sessions.js';
import { NewPasswords } from '../users/credentials/new-passwords.service.js';
import { PageOperations, type Submission } from '../users/page-operations.service.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { browserName } from '../users/sessions/browser-name.js';
import { ConnectedApplications } from './connected-applications.service.js';
import { ChangeOwnPassword } from './operations/change-own-password.js';
import { EndOtherSessions } from './operations/end-other-sessions.js';
import { OtherSessions } from './other-sessions.service.js';

const notices: Readonly<Record<string, Message>> = {
  password: text('account.passwordChanged'),
  session: text('account.sessionEnded'),
  sessions: text('account.sessionsEnded'),
  withdrawn: text('account.withdrawn'),
};

interface Shown {
  readonly status?: number;
  readonly error?: Message;
  readonly problems?: readonly FieldProblem[];
}

/** The user's account page: password, sessions, connected applications. `action` distinguishes its forms. */
@Controller(routes.account)
// eslint-disable-next-line local/max-injected-dependencies -- one page shows sessions, factors and applications; the changes are operations
export class AccountController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(OtherSessions) private readonly otherSessions: OtherSessions,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(ConnectedApplications) private readonly applications: ConnectedApplications,
    @Inject(Factors) private readonly factors: Factors,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.requireUser(request), {});
  }

  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    switch (form.get('action')) {
      case 'password':
        return this.changePassword(context, form);
      case 'end-session':
        return this.endSession({ context, form }, form.text('session'));
      case 'end-other-sessions':
        await this.operations.execute(
          EndOtherSessions,
          {
            keepSessionId: context.session.id,
            offline: form.get('applications') === 'yes',
            trustedBrowsers: form.get('browsers') === 'yes',
          },
          { context, form },
        );
        return done(context, 'sessions', 'sessions');
      case 'withdraw':
        await this.operations.execute(WithdrawConsent, { clientId: form.text('client') }, { context, form });
        return done(context, 'withdrawn', 'applications');
      default:
        throw new PageError('form.invalid');
    }
  }

  private async changePassword(context: UserRequestContext, form: Form): Promise<Reply> {
    const input = {
      currentPassword: form.text('currentPassword'),
      newPassword: form.text('newPassword'),
      keepSessionId: context.session.id,
    };
    const outcome = await this.operations.execute(ChangeOwnPassword, input, { context, form });
    return 'refusal' in outcome ? this.show(context, outcome.refusal) : done(context, 'password', 'password');
  }

  private async endSession(submission: Submission, id: string): Promise<Reply> {
    const { context } = submission;
    const own = await this.sessions.listOf(context.user.id, context.now);
    // Idempotent: a session that has ended already, or belongs to another user, changes nothing.
    if (own.some((session) => session.id === id)) await this.operations.execute(EndSessions, { ids: [id] }, submission);
    return done(context, 'session', 'sessions');
  }

  private async show(context: UserRequestContext, shown: Shown): Promise<Reply> {
    const sessions = await this.sessions.listOf(context.user.id, context.now);
    return this.contexts.page(
      context,
      'account/account',
      {
        user: { username: context.user.username, name: context.user.name, email: context.user.email },
        minimum: await this.passwords.minimum(context.user.id),
        missing: await this.signIns.missing(context, routes.account),
        hasFactor: await this.factors.hasAny(context.user.id),
        sessions: sessions.map((session) => ({
          id: session.id,
          isCurrent: session.id === context.session.id,
          isPartial: !session.full,
          browser: browserName(session.userAgent),
          address: session.address,
          createdAt: session.createdAt,
          lastSeenAt: session.lastSeenAt,
        })),
        hasOthers: sessions.some((session) => session.id !== context.session.id),
        remaining: await this.otherSessions.remaining(context),
        applications: await this.applications.listOf(context),
        ...problemModel(shown.problems ?? []),
        error: shown.error,
        notice: shown.status === undefined ? noticeOf(notices, query(context.request).text('done')) : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}

function done(context: UserRequestContext, what: string, section: string): Reply {
  return Reply.redirect(`${routes.account}?done=${what}#${section}`, { cookies: context.cookies });
}
