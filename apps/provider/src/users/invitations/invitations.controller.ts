import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import { sendsMail, type Settings } from '../../config/settings.js';
import { CurrentSettings } from '../../settings/current-settings.js';
import { problemModel, type FieldProblem } from '../../web/form-errors.js';
import { routes } from '../../web/routes.js';
import { noticeOf } from '../../web/notice.js';
import { text, type Message } from '../../i18n/message.js';
import { addressesIn, Invitations, maxInvited } from './invitations.service.js';
import { InvitePeople } from './operations/invite-people.js';
import { WithdrawInvitation } from './operations/withdraw-invitation.js';
import { PageOperations } from '../page-operations.service.js';
import { roles, roleTexts } from '../user.js';
import type { UserRequestContext } from '../sessions/request-context.js';
import { RequestContexts } from '../sessions/request-contexts.service.js';

const maxCharacters = 200_000;
const pageLength = 50;
/** The number of invalid addresses named in the message. */
const maxNamed = 5;

interface Shown {
  readonly typed?: string;
  readonly roles?: readonly string[];
  readonly problems?: readonly FieldProblem[];
  readonly status?: number;
  readonly error?: Message;
}

/**
 * Invitations, sent by mail or as links that an administrator passes on. The recipient creates an account with the
 * chosen roles.
 */
@Controller(routes.invitations)
export class InvitationsController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(Invitations) private readonly invitations: Invitations,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), {});
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request, { limitBytes: 2 * maxCharacters });
    const context = await this.requireAdmin(request);
    const typed = form.text('emails');
    const chosen = roles.filter((role) => form.all('role').includes(role));
    if (refusal) return this.show(context, { typed, roles: chosen, status: 403, error: text(refusal.id) });
    const withdrawn = /^withdraw:(\d{1,16})$/.exec(form.text('action'))?.[1];
    if (withdrawn !== undefined) {
      await this.operations.execute(WithdrawInvitation, { selector: Number(withdrawn) }, { context, form });
      return Reply.redirect(`${routes.invitations}?done=withdrawn`, { cookies: context.cookies });
    }
    const { addresses, wrong: invalidAddresses } = addressesIn(typed);
    const problem = problemOf(addresses, invalidAddresses);
    if (problem !== undefined)
      return this.show(context, {
        typed,
        roles: chosen,
        problems: [{ field: 'emails', message: problem }],
        status: 422,
      });
    const invited = await this.operations.execute(
      InvitePeople,
      { emails: addresses, roles: chosen },
      { context, form },
    );
    if ('refusal' in invited) return this.show(context, { typed, roles: chosen, ...invited.refusal });
    // No mail is sent: the administrator passes the links on.
    if (!sendsMail(this.settings))
      return this.contexts.page(context, 'users/invitation-links', {
        count: invited.result.length,
        invitations: invited.result,
      });
    return Reply.redirect(`${routes.invitations}?done=invited`, { cookies: context.cookies });
  }

  private async show(context: UserRequestContext, shown: Shown): Promise<Reply> {
    const parameters = query(context.request);
    const after = parameters.text('after');
    const before = /^\d{1,16}$/.test(after) ? Number(after) : undefined;
    const { items, next } = await this.invitations.list({ before, limit: pageLength }, context.now);
    const chosen = shown.roles ?? ['user'];
    return this.contexts.page(
      context,
      'users/invite',
      {
        typed: shown.typed ?? '',
        most: maxInvited,
        sendsMail: sendsMail(this.settings),
        isOff: this.current.current().signUp === 'off',
        roleChoices: roles.map((role) => ({ value: role, ...roleTexts[role] })),
        chosenRoles: chosen,
        columns: [
          { label: text('invitations.column.email') },
          { label: text('users.column.role') },
          { label: text('invitations.column.sent') },
          { label: text('invitations.column.expires') },
        ],
        invitations: items.map((invitation) => ({
          ...invitation,
          roles: roles
            .filter((role) => role !== 'user' && invitation.roles.includes(role))
            .map((role) => roleTexts[role].label),
        })),
        pager:
          before !== undefined || next !== undefined
            ? {
                first: before === undefined ? undefined : routes.invitations,
                next: next === undefined ? undefined : `${routes.invitations}?after=${next}`,
              }
            : undefined,
        ...problemModel(shown.problems ?? []),
        error: shown.error,
        notice: shown.status === undefined ? noticeOf(notices, parameters.text('done')) : undefined,
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

const notices: Readonly<Record<string, Message>> = {
  invited: text('invitations.done.sent'),
  withdrawn: text('invitations.done.withdrawn'),
};

function problemOf(addresses: readonly string[], invalidAddresses: readonly string[]): Message | undefined {
  if (invalidAddresses.length > 0) {
    const named = invalidAddresses.slice(0, maxNamed).map((each) => JSON.stringify(each.slice(0, 60)));
    const more = Math.max(0, invalidAddresses.length - maxNamed);
    return text('invitations.problem.invalid', { addresses: named.join(', '), more });
  }
  if (addresses.length === 0) return text('invitations.problem.none');
  if (addresses.length > maxInvited)
    return text('invitations.problem.tooMany', { count: addresses.length, most: maxInvited });
  return undefined;
}
