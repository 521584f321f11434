import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { KeptForms } from './kept-forms.service.js';
import { RecentSignIns } from './recent-sign-ins.service.js';
import { Visits } from './visits.service.js';

/** Fields that say what a form does, and not what was typed. */
const hidden = ['action', 'revision'];

/** Where a form comes back to after the sign-in that it asked for: filled, to be sent by one button. */
@Controller(routes.resumeForm)
export class ResumeFormController {
  constructor(
    @Inject(Visits) private readonly visits: Visits,
    @Inject(KeptForms) private readonly forms: KeptForms,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
  ) {}

  @Get(':id')
  async page(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.requireUser(request);
    const id = request.params['id'] ?? '';
    const kept = await this.forms.find(id, visit.user.id, visit.now);
    if (!kept) throw new PageError('record.not_found');
    // Full and recent, and yet the second factor was skipped.
    const missing = await this.signIns.missing(visit, `${routes.resumeForm}/${id}`);
    if (missing) return Reply.redirect(missing.href, { cookies: visit.cookies });
    return this.visits.page(visit, 'users/resume', {
      action: kept.address,
      fields: kept.fields.map(([name, value]) => ({ name, value })),
      entered: kept.fields
        .filter(([name, value]) => !hidden.includes(name) && value.trim() !== '')
        .map(([name, value]) => ({ name, value })),
    });
  }
}
