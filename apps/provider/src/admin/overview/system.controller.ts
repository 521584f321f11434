import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import type { Settings } from '../../config/settings.js';
import { version } from '../../config/version.js';
import { SETTINGS } from '../../config/settings.token.js';
import { text, type Text } from '../../i18n/message.js';
import { SettingsOverview, type ListedSetting } from '../../settings/administration/settings-overview.service.js';
import { exactDurationText } from '../../users/duration-text.js';
import { routes } from '../../web/routes.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { ThingsToFix } from './things-to-fix.service.js';

/** The installation, its health, and every effective setting with its source. */
@Controller(routes.system)
export class SystemController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SettingsOverview) private readonly overview: SettingsOverview,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(ThingsToFix) private readonly things: ThingsToFix,
  ) {}

  @Get()
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    const parameters = query(request);
    const search = parameters.text('q').trim().slice(0, 100);
    // What the installation has set comes first; a search is among all settings.
    const isAll = parameters.get('show') === 'all' || search !== '';
    const wanted = search.toUpperCase().replaceAll(' ', '_');
    const { issuer, databaseUrl, workers, smtpUrl } = this.settings;
    const { settings } = await this.overview.list();
    const { findings, healthy } = await this.things.health(context.now);
    const changed = settings.filter(({ source }) => source.kind !== 'default');
    return this.contexts.page(context, 'admin/system', {
      search,
      clearHref: search === '' ? undefined : routes.system,
      noneFound: search === '' ? text('system.noneChanged') : text('system.noneFound', { search }),
      tabs: [
        { label: text('system.changed'), count: String(changed.length), href: routes.system, current: !isAll },
        {
          label: text('system.all'),
          count: String(settings.length),
          href: `${routes.system}?show=all`,
          current: isAll,
        },
      ],
      installation: [
        { label: text('system.version'), value: version },
        { label: text('overview.issuer'), copy: issuer },
        { label: text('overview.database'), value: databaseUrl.startsWith('sqlite:') ? 'SQLite' : 'PostgreSQL' },
        { label: text('system.mail'), value: text(smtpUrl === undefined ? 'system.mailNotSet' : 'system.mailSet') },
        { label: text('system.processes'), value: String(workers) },
        { label: text('system.node'), value: process.versions.node },
      ],
      healthy: healthy.map(({ title }) => text(title)),
      things: findings,
      settings: (isAll ? settings : changed).filter(({ name }) => name.includes(wanted)).map(rowOf),
    });
  }
}

function rowOf(setting: ListedSetting): object {
  const { name, value, unit, secret, isSet } = setting;
  return {
    name,
    // The value of a secret is not in the description.
    value: value === '' ? undefined : value,
    inWords: unit === undefined || value === undefined ? undefined : exactDurationText(Number(value)),
    state: secret && isSet ? text('system.secret') : text('system.notSet'),
    isSecret: secret && isSet,
    source: sourceText(setting),
    isDefault: setting.source.kind === 'default',
  };
}

function sourceText({ name, source }: ListedSetting): Text {
  if (!('variable' in source))
    return text(source.kind === 'database' ? 'system.source.database' : 'system.source.default');
  const { variable } = source;
  if (source.kind === 'file') return text('system.source.file', { variable });
  return variable === name ? text('system.source.environment') : text('system.source.environmentAs', { variable });
}
