import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { problemModel, type FieldProblem } from '../web/form-errors.js';
import { routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import { UpdateOwnProfile } from '../users/operations/update-own-profile.js';
import { PageOperations } from '../users/page-operations.service.js';
import { profileFieldGroups, readProfile, type ProfileDraft } from '../users/profile-form.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

interface Shown {
  readonly draft: ProfileDraft;
  readonly status?: number;
  readonly error?: Message;
  readonly problems?: readonly FieldProblem[];
}

/** The user's profile: the claims that applications may receive (OpenID Connect Core 5.1). */
@Controller(routes.profile)
export class ProfileController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    return this.show(context, { draft: context.user });
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    const draft = form.names.length > 0 ? readProfile(form, 'person') : context.user;
    if (refusal) return this.show(context, { draft, status: 403, error: text(refusal.id) });
    const outcome = await this.operations.execute(UpdateOwnProfile, draft, { context, form });
    if ('refusal' in outcome) return this.show(context, { draft, ...outcome.refusal });
    return Reply.redirect(`${routes.profile}?done=saved`, { cookies: context.cookies });
  }

  private show(context: UserRequestContext, { draft, status, error, problems = [] }: Shown): Reply {
    const saved = status === undefined && query(context.request).text('done') === 'saved';
    return this.contexts.page(
      context,
      'account/profile',
      {
        profileGroups: profileFieldGroups(draft, problems, 'person'),
        ...problemModel(problems),
        error,
        notice: saved ? text('profile.saved') : undefined,
      },
      { status: status ?? 200 },
    );
  }
}
