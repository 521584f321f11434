import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { canAudit } from '../users/actor.js';
import { SavedForms, resumedField } from '../users/sessions/saved-forms.service.js';
import { RecentSignIns } from '../users/sessions/recent-sign-ins.service.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { fieldsToShow } from './saved-form-display.js';
import { describeSavedForm } from './saved-form-description.js';
import { SavedFormRecords } from './saved-form-records.service.js';

/** More than a list page has rows. */
const maxNamed = 100;

/**
 * Resumes a form after the sign-in that it required. Somebody else may have submitted it in the session before the sign-in, so
 * the page shows everything that it does, and the user sends it with one button.
 */
@Controller(routes.resumeForm)
export class ResumeFormController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(SavedForms) private readonly forms: SavedForms,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(SavedFormRecords) private readonly records: SavedFormRecords,
  ) {}

  @Get(':id')
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    const id = request.params['id'] ?? '';
    const savedForm = await this.forms.find(id, context.user.id, context.now);
    if (!savedForm) throw new PageError('record.not_found');
    // The session may be full and recent although the second factor was skipped.
    const missing = await this.signIns.missing(context, `${routes.resumeForm}/${id}`);
    if (missing) return Reply.redirect(missing.href, { cookies: context.cookies });
    const resumed = describeSavedForm(savedForm);
    const { kind, ids } = resumed;
    return this.contexts.page(context, 'account/resume', {
      action: savedForm.address,
      fields: [...savedForm.fields, [resumedField, id] as const].map(([name, value]) => ({ name, value })),
      sentence: resumed.sentence,
      records: kind && (await Promise.all(ids.slice(0, maxNamed).map((each) => this.records.nameOf(kind, each)))),
      more: Math.max(0, ids.length - maxNamed),
      page: resumed.page,
      pagePath: resumed.page.split('?')[0],
      enteredAt: savedForm.enteredAt,
      ...fieldsToShow(resumed, { isAdmin: canAudit(context), before: await this.records.find(resumed) }),
    });
  }
}
