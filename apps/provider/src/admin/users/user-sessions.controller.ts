import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text, type Message } from '../../i18n/message.js';
import { PageOperations } from '../../users/page-operations.service.js';
import { browserName } from '../../users/sessions/browser-name.js';
import { EndSessions } from '../../users/sessions/operations/end-sessions.js';
import { EndUserSessions } from '../../users/sessions/operations/end-user-sessions.js';
import { methodTexts } from '../../users/sessions/method-texts.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { SessionsService } from '../../users/sessions/sessions.service.js';
import { hubModel } from '../../users/user-hub.js';
import type { User } from '../../users/user.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { UserPages } from './user-pages.service.js';

const notices: Readonly<Record<string, Message>> = {
  ended: text('users.sessions.ended'),
  'all-ended': text('users.sessions.allEnded'),
};

/** The browsers in which a user is signed in. */
@Controller(routes.userSessions)
export class UserSessionsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UserPages) private readonly pages: UserPages,
  ) {}

  @Get(':id')
  async list(@Req() request: WebRequest): Promise<Reply> {
    const { context, user } = await this.pages.open(request);
    return this.show(context, user, {});
  }

  /** Ends one session of the user (`session`), or all of them (`action=end-all`). */
  @Post(':id')
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const { context, user } = await this.pages.open(request);
    if (refusal) return this.show(context, user, { status: 403, error: refusal.sentence });
    if (form.has('session')) {
      const own = await this.sessions.listOf(user.id, context.now);
      const ids = own.map(({ id }) => id).filter((id) => id === form.get('session'));
      await this.operations.execute(EndSessions, { ids }, { context, form });
      return back(context, user, 'ended');
    }
    if (form.get('action') !== 'end-all') throw new PageError('form.invalid');
    await this.operations.execute(EndUserSessions, { userId: user.id }, { context, form });
    return back(context, user, 'all-ended');
  }

  private async show(
    context: UserRequestContext,
    user: User,
    shown: { readonly status?: number; readonly error?: Message },
  ): Promise<Reply> {
    const sessions = await this.sessions.listOf(user.id, context.now);
    return this.contexts.page(
      context,
      'users/sessions',
      {
        ...hubModel(user, 'sessions'),
        sessions: sessions.map((session) => ({
          id: session.id,
          browser: browserName(session.userAgent),
          address: session.address,
          methods: methodTexts(session.amr),
          isPartial: !session.full,
          isOwn: session.id === context.session.id,
          authTime: session.authTime,
          lastSeenAt: session.lastSeenAt,
        })),
        error: shown.error,
        notice: shown.status === undefined ? notices[query(context.request).text('done')] : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}

function back({ cookies }: UserRequestContext, user: User, done: string): Reply {
  return Reply.redirect(`${routes.userSessions}/${user.id}?done=${done}`, { cookies });
}
