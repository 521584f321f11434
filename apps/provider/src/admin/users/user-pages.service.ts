import { Inject, Injectable } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text, type Message } from '../../i18n/message.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { hubModel } from '../../users/user-hub.js';
import type { User } from '../../users/user.js';
import { UsersService } from '../../users/users.service.js';
import { PageError } from '../../web/page-error.js';
import { noticeOf } from '../../web/notice.js';

/** Who asks, and the user whom the page is about. */
export interface OpenedUser {
  readonly context: UserRequestContext;
  readonly user: User;
}

/** A tab of the page about a user. */
export interface UserTab {
  readonly view: string;
  readonly tab: Parameters<typeof hubModel>[1];
  /** What was done before, by `done` in the address. */
  readonly notices: Readonly<Record<string, Message>>;
}

/** Why a form was rejected. */
export interface RejectedForm {
  readonly status: number;
  readonly error: Message;
}

/** What the pages about one user have in common. */
@Injectable()
export class UserPages {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /**
   * The user of the address (`:id`).
   * @throws PageError page.forbidden, page.auditor, record.not_found
   */
  async open(request: WebRequest): Promise<OpenedUser> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    const id = request.params['id'] ?? '';
    const user = id.length <= 200 ? await this.users.find(id) : undefined;
    if (!user) throw new PageError('record.not_found');
    return { context, user };
  }

  /** As {@link open}, with the form that was sent, and why it is rejected. */
  async read(
    request: WebRequest,
  ): Promise<{ readonly opened: OpenedUser; readonly form: Form; readonly rejected: RejectedForm | undefined }> {
    const { form, refusal } = await this.forms.read(request);
    const opened = await this.open(request);
    return { opened, form, rejected: refusal && { status: 403, error: text(refusal.id) } };
  }

  show({ context, user }: OpenedUser, { view, tab, notices }: UserTab, model: object, rejected?: RejectedForm): Reply {
    return this.contexts.page(
      context,
      view,
      {
        ...hubModel(user, tab),
        ...model,
        error: rejected?.error,
        notice: rejected ? undefined : noticeOf(notices, query(context.request).text('done')),
      },
      { status: rejected?.status ?? 200 },
    );
  }
}
