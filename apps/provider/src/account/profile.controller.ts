import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { problemModel, type FieldProblem } from '../web/form-problems.js';
import { routes } from '../web/routes.js';
import { type Sentence, text } from '../i18n/text.js';
import { UpdateOwnProfile } from '../users/operations/update-own-profile.js';
import { PageOperations } from '../users/page-operations.service.js';
import { profileFieldGroups, readProfile, type ProfileDraft } from '../users/profile-form.js';
import type { UserVisit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';

interface Shown {
  readonly draft: ProfileDraft;
  readonly status?: number;
  readonly error?: Sentence;
  readonly problems?: readonly FieldProblem[];
}

/** What a person says of themselves: the claims that applications may be told (OpenID Connect Core 5.1). */
@Controller(routes.profile)
export class ProfileController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    return this.show(visit, { draft: visit.user });
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.requireUser(request);
    const draft = form.names.length > 0 ? readProfile(form, 'person') : visit.user;
    if (refusal) return this.show(visit, { draft, status: 403, error: text(refusal.id) });
    const outcome = await this.operations.execute(UpdateOwnProfile, draft, { visit, form });
    if ('refusal' in outcome) return this.show(visit, { draft, ...outcome.refusal });
    return Reply.redirect(`${routes.profile}?done=saved`, { cookies: visit.cookies });
  }

  private show(visit: UserVisit, { draft, status, error, problems = [] }: Shown): Reply {
    const saved = status === undefined && query(visit.request).text('done') === 'saved';
    return this.visits.page(
      visit,
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
