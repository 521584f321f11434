import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { BodyTooLarge, Form } from '@gatehouse/platform/http/form';
import { PageForms, type PostedForm } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../../i18n/message.js';
import { UpdateSettings } from '../../settings/administration/operations/update-settings.js';
import { SettingsOverview } from '../../settings/administration/settings-overview.service.js';
import { logoText, maxLogoBytes } from '../../settings/logo-image.js';
import { PageOperations } from '../../users/page-operations.service.js';
import { RecentSignIns } from '../../users/sessions/recent-sign-ins.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { problemModel } from '../../web/form-errors.js';
import { routes } from '../../web/routes.js';
import { changesOf, revisionField, settingField, settingOf, type ShownSettings } from './setting-fields.js';

const members = ['product_name', 'accent', 'support_contact', 'terms_url', 'privacy_url'] as const;
/** A logo in a form of the browser, which encodes nothing, and the other fields. */
const uploadLimitBytes = maxLogoBytes + 100_000;

/** How the sign-in pages, e-mails and account pages look. */
@Controller(routes.branding)
export class BrandingController {
  constructor(
    @Inject(SettingsOverview) private readonly settings: SettingsOverview,
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.requireAdmin(request), {});
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireAdmin(request);
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id), typed: form });
    const changes =
      form.get('action') === 'reset'
        ? Object.fromEntries(members.map((member) => [member, null]))
        : changesOf(form, await this.settings.list(), members);
    return this.change(context, form, changes);
  }

  @Post('logo')
  async saveLogo(@Req() request: WebRequest): Promise<Reply> {
    // The body is large: it is read only from administrators.
    const context = await this.requireAdmin(request);
    const posted = await this.readUpload(request);
    if (posted === undefined) {
      const message = text('problem.setting.logoSize', { most: maxLogoBytes / 1000 });
      return this.show(context, { status: 413, problems: [{ field: 'logo', message }] });
    }
    const { form, refusal } = posted;
    if (refusal) return this.show(context, { status: 403, error: text(refusal.id) });
    // An image is not saved until after the sign-in, as other forms are: it is chosen again.
    const missing = await this.signIns.missing(context, routes.branding);
    if (missing) return Reply.redirect(missing.href, { cookies: context.cookies });
    const file = form.text('logo');
    if (form.get('action') !== 'remove' && file === '')
      return this.show(context, { status: 422, problems: [{ field: 'logo', message: text('branding.logoMissing') }] });
    const [, encoded = ''] = file.split(';base64,');
    const logo = form.get('action') === 'remove' ? null : logoText(Buffer.from(encoded, 'base64'));
    return this.change(context, Form.empty, { logo });
  }

  private async readUpload(request: WebRequest): Promise<PostedForm | undefined> {
    try {
      return await this.forms.read(request, { limitBytes: uploadLimitBytes, files: true });
    } catch (error) {
      if (error instanceof BodyTooLarge) return undefined;
      throw error;
    }
  }

  private async change(
    context: UserRequestContext,
    form: Form,
    changes: Readonly<Record<string, string | null>>,
  ): Promise<Reply> {
    const input = { changes, revision: form.get('revision') };
    const outcome = await this.operations.execute(UpdateSettings, input, { context, form });
    if ('refusal' in outcome) return this.show(context, { ...outcome.refusal, typed: form });
    return Reply.redirect(`${routes.branding}?done=saved`, { cookies: context.cookies });
  }

  private async show(context: UserRequestContext, shown: ShownSettings): Promise<Reply> {
    const list = await this.settings.list();
    const { typed } = shown;
    const logo = settingOf(list, 'logo');
    const isSaved = query(context.request).text('done') === 'saved' && shown.status === undefined;
    const field = (member: string) => settingField(list, member, typed);
    return this.contexts.page(
      context,
      'admin/branding',
      {
        revision: revisionField(list, typed),
        name: field('product_name'),
        accent: settingField(list, 'accent', typed, text('branding.accentHint')),
        contact: settingField(list, 'support_contact', typed, text('branding.contactHint')),
        terms: field('terms_url'),
        privacy: field('privacy_url'),
        logoFixed: 'variable' in logo.source ? text('settings.fixed', { variable: logo.source.variable }) : undefined,
        hasLogo: logo.isSet,
        ...problemModel(shown.problems ?? []),
        error: shown.error,
        notice: isSaved ? text('settings.saved') : undefined,
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
