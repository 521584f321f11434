import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text, type Message } from '../../i18n/message.js';
import type { SettingsList } from '../../settings/administration/settings-overview.service.js';
import { CurrentSettings } from '../../settings/current-settings.js';
import { variableOf } from '../../settings/editable-settings.js';
import { exactDurationText } from '../../users/duration-text.js';
import { routes } from '../../web/routes.js';
import { signInTabs } from '../../web/sign-in-tabs.js';
import { changesOf, settingOf, type ShownSettings } from './setting-fields.js';
import { SettingPages, type SettingPage } from './setting-pages.service.js';

const hour = 3600;
const day = 24 * hour;
const members = ['sign_up', 'session_lifetime', 'session_idle_lifetime', 'trusted_browser_lifetime'] as const;
/** From the most to the least restrictive. */
const signUpModes = [
  { value: 'off', label: text('signInSettings.signUp.off'), hint: text('signInSettings.signUp.offHint') },
  {
    value: 'invitation',
    label: text('signInSettings.signUp.invitation'),
    hint: text('signInSettings.signUp.invitationHint'),
  },
  { value: 'open', label: text('signInSettings.signUp.open'), hint: text('signInSettings.signUp.openHint') },
] as const;

const lifetimes = [
  {
    member: 'session_lifetime',
    key: 'sessionLifetimeSeconds',
    label: 'signInSettings.sessionLifetime',
    seconds: [hour, 8 * hour, day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day],
  },
  {
    member: 'session_idle_lifetime',
    key: 'sessionIdleLifetimeSeconds',
    label: 'signInSettings.idleLifetime',
    seconds: [hour / 4, hour, 8 * hour, day, 7 * day, 14 * day, 30 * day],
  },
  {
    member: 'trusted_browser_lifetime',
    key: 'trustedBrowserLifetimeSeconds',
    label: 'signInSettings.trustedLifetime',
    seconds: [0, day, 7 * day, 30 * day, 90 * day],
  },
] as const;

/** Who may create an account, and how long a sign-in lasts. */
@Controller(routes.signInSettings)
export class SignInSettingsController {
  private readonly page: SettingPage = {
    address: routes.signInSettings,
    view: 'admin/sign-in-settings',
    model: (list, shown) => ({
      tabs: signInTabs(routes.signInSettings),
      signUp: this.signUpField(list, shown),
      lifetimes: lifetimes.map((each) => this.lifetimeField(list, each, shown)),
    }),
  };

  constructor(
    @Inject(SettingPages) private readonly pages: SettingPages,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
    @Inject(PageForms) private readonly forms: PageForms,
  ) {}

  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.pages.show(await this.pages.open(request), this.page, {});
  }

  @Post()
  async save(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.pages.open(request);
    if (refusal) return this.pages.show(context, this.page, { status: 403, error: text(refusal.id), typed: form });
    return this.pages.save(context, this.page, form, changesOf(form, await this.pages.list(), members));
  }

  /** The environment may allow less: modes beyond it are not offered. */
  private signUpField(list: SettingsList, { typed }: ShownSettings): object {
    const { environment } = this.current;
    const variable = variableOf(environment, 'signUp');
    const most = signUpModes.findIndex(({ value }) => value === environment.signUp);
    return {
      value: typed?.get('sign_up') ?? settingOf(list, 'sign_up').value,
      hint: variable === undefined ? undefined : text('settings.limited', { variable }),
      options: variable === undefined ? signUpModes : signUpModes.slice(0, most + 1),
    };
  }

  private lifetimeField(
    list: SettingsList,
    { member, key, label, seconds }: (typeof lifetimes)[number],
    { typed }: ShownSettings,
  ): object {
    const { environment } = this.current;
    const variable = variableOf(environment, key);
    const most = variable === undefined ? Infinity : environment[key];
    const effective = Number(settingOf(list, member).value);
    const offered = new Set<number>([...seconds.filter((each) => each <= most), effective]);
    return {
      name: member,
      label: text(label),
      value: typed?.get(member) ?? String(effective),
      hint: variable === undefined ? undefined : text('settings.limited', { variable }),
      options: [...offered]
        .sort((one, other) => one - other)
        .map((each) => ({ value: String(each), label: durationLabel(each) })),
    };
  }
}

function durationLabel(seconds: number): Message {
  return seconds === 0 ? text('signInSettings.never') : exactDurationText(seconds);
}
