import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../../i18n/message.js';
import { PageOperations } from '../../users/page-operations.service.js';
import { browserName } from '../../users/sessions/browser-name.js';
import { EndSessions } from '../../users/sessions/operations/end-sessions.js';
import { EndUserSessions } from '../../users/sessions/operations/end-user-sessions.js';
import { methodTexts } from '../../users/sessions/method-texts.js';
import { SessionsService } from '../../users/sessions/sessions.service.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { UserPages, type OpenedUser, type RejectedForm, type UserTab } from './user-pages.service.js';

const sessionsTab: UserTab = {
  view: 'users/sessions',
  tab: 'sessions',
  notices: { ended: text('users.sessions.ended'), 'all-ended': text('users.sessions.allEnded') },
};

/** The browsers in which a user is signed in. */
@Controller(routes.userSessions)
export class UserSessionsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UserPages) private readonly pages: UserPages,
  ) {}

  @Get(':id')
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.pages.open(request));
  }

  /** Ends one session of the user (`session`), or all of them (`action=end-all`). */
  @Post(':id')
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { opened, form, rejected } = await this.pages.read(request);
    if (rejected) return this.show(opened, rejected);
    const { context, user } = opened;
    if (form.has('session')) {
      const own = await this.sessions.listOf(user.id, context.now);
      const ids = own.map(({ id }) => id).filter((id) => id === form.get('session'));
      await this.operations.execute(EndSessions, { ids }, { context, form });
      return back(opened, 'ended');
    }
    if (form.get('action') !== 'end-all') throw new PageError('form.invalid');
    await this.operations.execute(EndUserSessions, { userId: user.id }, { context, form });
    return back(opened, 'all-ended');
  }

  private async show(opened: OpenedUser, rejected?: RejectedForm): Promise<Reply> {
    const { context, user } = opened;
    const sessions = (await this.sessions.listOf(user.id, context.now)).map((session) => ({
      id: session.id,
      browser: browserName(session.userAgent),
      address: session.address,
      methods: methodTexts(session.amr),
      isPartial: !session.full,
      isOwn: session.id === context.session.id,
      authTime: session.authTime,
      lastSeenAt: session.lastSeenAt,
    }));
    return this.pages.show(opened, sessionsTab, { sessions }, rejected);
  }
}

function back({ context, user }: OpenedUser, done: string): Reply {
  return Reply.redirect(`${routes.userSessions}/${user.id}?done=${done}`, { cookies: context.cookies });
}
