import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { BodyTooLarge, Form } from '@gatehouse/platform/http/form';
import { PageForms, type PostedForm } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../../i18n/message.js';
import { logoText, maxLogoBytes } from '../../settings/logo-image.js';
import { logoProblemText } from '../../settings/logo-problem-text.js';
import { RecentSignIns } from '../../users/sessions/recent-sign-ins.service.js';
import { routes } from '../../web/routes.js';
import { changesOf, settingField, settingOf } from './setting-fields.js';
import { SettingPages, type SettingPage } from './setting-pages.service.js';

const members = ['product_name', 'accent', 'background', 'support_contact', 'terms_url', 'privacy_url'] as const;
/** A logo in a form of the browser, which encodes nothing, and the other fields. */
const uploadLimitBytes = maxLogoBytes + 100_000;

const backgrounds = [
  { value: 'pattern', label: text('branding.background.pattern') },
  { value: 'plain', label: text('branding.background.plain') },
];

const brandingPage: SettingPage = {
  address: routes.branding,
  view: 'admin/branding',
  model: (list, { typed }) => {
    const logo = settingOf(list, 'logo');
    const field = (member: string) => settingField(list, member, typed);
    return {
      name: field('product_name'),
      accent: settingField(list, 'accent', typed, text('branding.accentHint')),
      background: { ...field('background'), options: backgrounds },
      contact: settingField(list, 'support_contact', typed, text('branding.contactHint')),
      terms: field('terms_url'),
      privacy: field('privacy_url'),
      logoFixed: 'variable' in logo.source ? text('settings.fixed', { variable: logo.source.variable }) : undefined,
      hasLogo: logo.isSet,
    };
  },
};

/** How the sign-in pages, e-mails and account pages look. */
@Controller(routes.branding)
export class BrandingController {
  constructor(
    @Inject(SettingPages) private readonly pages: SettingPages,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.pages.show(await this.pages.open(request), brandingPage, {});
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.pages.open(request);
    if (refusal) return this.pages.show(context, brandingPage, { status: 403, error: text(refusal.id), typed: form });
    const changes =
      form.get('action') === 'reset'
        ? Object.fromEntries(members.map((member) => [member, null]))
        : changesOf(form, await this.pages.list(), members);
    return this.pages.save(context, brandingPage, form, changes);
  }

  @Post('logo')
  async saveLogo(@Req() request: WebRequest): Promise<Reply> {
    // The body is large: it is read only from administrators.
    const context = await this.pages.open(request);
    const posted = await this.readUpload(request);
    if (posted === undefined) {
      const message = logoProblemText('size');
      return this.pages.show(context, brandingPage, { status: 413, problems: [{ field: 'logo', message }] });
    }
    const { form, refusal } = posted;
    if (refusal) return this.pages.show(context, brandingPage, { status: 403, error: text(refusal.id) });
    // An image is not saved until after the sign-in, as other forms are: it is chosen again.
    const missing = await this.signIns.missing(context, routes.branding);
    if (missing) return Reply.redirect(missing.href, { cookies: context.cookies });
    const file = form.text('logo');
    if (form.get('action') !== 'remove' && file === '') {
      const problem = { field: 'logo', message: text('branding.logoMissing') };
      return this.pages.show(context, brandingPage, { status: 422, problems: [problem] });
    }
    const [, encoded = ''] = file.split(';base64,');
    const logo = form.get('action') === 'remove' ? null : logoText(Buffer.from(encoded, 'base64'));
    return this.pages.save(context, brandingPage, Form.empty, { logo });
  }

  private async readUpload(request: WebRequest): Promise<PostedForm | undefined> {
    try {
      return await this.forms.read(request, { limitBytes: uploadLimitBytes, files: true });
    } catch (error) {
      if (error instanceof BodyTooLarge) return undefined;
      throw error;
    }
  }
}
