import { Inject, Injectable } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../../i18n/message.js';
import { UpdateSettings, type UpdateSettingsInput } from '../../settings/administration/operations/update-settings.js';
import { SettingsOverview, type SettingsList } from '../../settings/administration/settings-overview.service.js';
import { PageOperations } from '../../users/page-operations.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { problemModel } from '../../web/form-errors.js';
import { revisionField, type ShownSettings } from './setting-fields.js';

/** A page with settings. */
export interface SettingPage {
  readonly address: string;
  readonly view: string;
  readonly model: (list: SettingsList, shown: ShownSettings) => object;
}

/** What the pages have in common on which administrators change settings. */
@Injectable()
export class SettingPages {
  constructor(
    @Inject(SettingsOverview) private readonly settings: SettingsOverview,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  /** @throws PageError page.forbidden, page.auditor */
  async open(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    return context;
  }

  list(): Promise<SettingsList> {
    return this.settings.list();
  }

  /** Saves what a form changes, or shows the page with what is wrong. */
  async save(
    context: UserRequestContext,
    page: SettingPage,
    form: Form,
    changes: UpdateSettingsInput['changes'],
  ): Promise<Reply> {
    const input = { changes, revision: form.get('revision') };
    const outcome = await this.operations.execute(UpdateSettings, input, { context, form });
    if ('refusal' in outcome) return this.show(context, page, { ...outcome.refusal, typed: form });
    return Reply.redirect(`${page.address}?done=saved`, { cookies: context.cookies });
  }

  async show(context: UserRequestContext, { view, model }: SettingPage, shown: ShownSettings): Promise<Reply> {
    const list = await this.settings.list();
    const isSaved = query(context.request).text('done') === 'saved' && shown.status === undefined;
    return this.contexts.page(
      context,
      view,
      {
        ...model(list, shown),
        revision: revisionField(list, shown.typed),
        ...problemModel(shown.problems ?? []),
        error: shown.error,
        notice: isSaved ? text('settings.saved') : undefined,
      },
      { status: shown.status ?? 200 },
    );
  }
}
