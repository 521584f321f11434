import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { readOrder, type ListOrder } from '../database/list-order.js';
import { orderFilter } from '../grants/grant-list.js';
import { text, type Message, type TextKey } from '../i18n/message.js';
import { PageError } from '../web/page-error.js';
import { listAddress, listPager } from '../web/list-pager.js';
import { routes } from '../web/routes.js';
import { sessionTabs } from '../web/session-tabs.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { browserName } from '../users/sessions/browser-name.js';
import { EndSessions } from '../users/sessions/operations/end-sessions.js';
import { EndUserSessions } from '../users/sessions/operations/end-user-sessions.js';
import { PageOperations, type Submission } from '../users/page-operations.service.js';
import { UsersService } from '../users/users.service.js';
import { methodTexts } from '../users/sessions/method-texts.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

const pageSize = 25;
/** The maximum number of selected sessions; a page shows fewer. */
const maxAtOnce = 200;
const notices: Readonly<Record<string, TextKey>> = {
  ended: 'activeSessions.ended',
  'chosen-ended': 'activeSessions.chosenEnded',
  none: 'activeSessions.noneChosen',
  'all-ended': 'activeSessions.allEnded',
};

/** The page of active sessions: all, or those of one user. */
@Controller(routes.sessions)
export class SessionsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), {});
  }

  /**
   * Ends one session by its id (`session`), the selected ones (`action=end-chosen`, `chosen`), or all of the user of
   * the filter (`action=end-all`).
   */
  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    const username = query(request).text('user').trim();
    // The button of one row: ignores the selected rows.
    if (form.has('session')) {
      await this.end({ context, form }, [form.text('session')]);
      return redirectToList(context, username, 'ended');
    }
    switch (form.get('action')) {
      case 'end-chosen': {
        const chosen = [...new Set(form.all('chosen'))].slice(0, maxAtOnce);
        await this.end({ context, form }, chosen);
        return redirectToList(context, username, chosen.length === 0 ? 'none' : 'chosen-ended');
      }
      case 'end-all': {
        const user = await this.users.findByUsername(username);
        if (!user) throw new PageError('record.not_found');
        await this.operations.execute(EndUserSessions, { userId: user.id }, { context, form });
        return redirectToList(context, username, 'all-ended');
      }
      default:
        throw new PageError('form.invalid');
    }
  }

  private async end(submission: Submission, ids: readonly string[]): Promise<void> {
    await this.operations.execute(EndSessions, { ids: ids.map((id) => id.slice(0, 200)) }, submission);
  }

  private async show(
    context: UserRequestContext,
    shown: { readonly status?: number; readonly error?: Message },
  ): Promise<Reply> {
    const parameters = query(context.request);
    const username = parameters.text('user').trim().slice(0, 200);
    const user = username === '' ? undefined : await this.users.findByUsername(username);
    const isUnknown = username !== '' && user === undefined;
    const before = /^\d{1,15}$/.test(parameters.text('before')) ? Number(parameters.text('before')) : undefined;
    const order = readOrder(parameters.get('order'));
    const { sessions, next } = isUnknown
      ? { sessions: [], next: undefined }
      : await this.sessions.list({ userId: user?.id, before, order, limit: pageSize }, context.now);
    const names = await this.users.names(sessions.map(({ userId }) => userId));
    const listed = filtersOf(username, order);
    const done = shown.status === undefined ? parameters.text('done') : '';
    return this.contexts.page(
      context,
      'admin/sessions',
      {
        tabs: sessionTabs(routes.sessions, context.user),
        typed: { user: username },
        filters: [orderFilter(order)],
        clearHref: username === '' ? undefined : routes.sessions,
        action: listAddress(routes.sessions, listed),
        unknown: isUnknown ? text('activeSessions.unknownUser', { user: username }) : undefined,
        user: user && { username: user.username },
        sessions: sessions.map((session) => ({
          id: session.id,
          username: names.get(session.userId) ?? session.userId,
          href: `${routes.users}/update/${session.userId}`,
          browser: browserName(session.userAgent),
          address: session.address,
          methods: methodTexts(session.amr),
          isPartial: !session.full,
          authTime: session.authTime,
          lastSeenAt: session.lastSeenAt,
          isOwn: session.id === context.session.id,
        })),
        pager: listPager(routes.sessions, listed, { isFirst: before === undefined, next }),
        error: shown.error,
        notice: notices[done] && text(notices[done]),
        noticeKind: done === 'none' ? 'warn' : undefined,
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

function filtersOf(username: string, order: ListOrder): Record<string, string | undefined> {
  return { user: username, order: order === 'newest' ? undefined : order };
}

/** Redirects to the first page of the same list. */
function redirectToList(context: UserRequestContext, username: string, done: string): Reply {
  const listed = filtersOf(username, readOrder(query(context.request).get('order')));
  return Reply.redirect(listAddress(routes.sessions, { ...listed, done }), { cookies: context.cookies });
}
