import { existsSync, readFileSync, statSync } from 'node:fs';
import { describeSettings } from '@gatehouse/platform/settings/describe-settings';
import { codeOf } from '@gatehouse/platform/error-code';
import { settingsDefinition, type LoadedSettings } from '../../config/settings.js';
import { SendTestMail } from '../../settings/administration/operations/send-test-mail.js';
import { UpdateSettings } from '../../settings/administration/operations/update-settings.js';
import { settingRepresentation } from '../../settings/administration/setting-representation.js';
import { SettingsOverview, type ListedSetting } from '../../settings/administration/settings-overview.service.js';
import { logoText, maxLogoBytes } from '../../settings/logo-image.js';
import { UsersService } from '../../users/users.service.js';
import { runInApplication } from '../application.js';
import { table, type Actions, type ApplicationActions, type CommandOutput } from '../command.js';
import type { settingsGroup, settingsListGroup } from '../commands/settings.js';
import { Refused, WrongRecord } from '../errors.js';

export const settingsListActions: Actions<typeof settingsListGroup.commands, LoadedSettings> = {
  list: async (settings) => {
    // Without a database nothing is stored; a list must not create one.
    if (isNewDatabase(settings)) return listed(configured(settings));
    try {
      return await runInApplication(settings, async ({ app }) =>
        listed((await app.get(SettingsOverview).list()).settings),
      );
    } catch (error) {
      // The list helps to find out why the server does not start.
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`without the settings that are stored in the database, which cannot be opened: ${reason}\n`);
      return listed(configured(settings));
    }
  },
};

function isNewDatabase({ databaseUrl }: LoadedSettings): boolean {
  const path = databaseUrl.startsWith('sqlite:') ? databaseUrl.slice('sqlite:'.length) : undefined;
  return path !== undefined && !existsSync(path);
}

/** What the environment sets, and the defaults. */
function configured(settings: LoadedSettings): readonly ListedSetting[] {
  return describeSettings(settingsDefinition, settings).map((each) => ({
    ...each,
    member: undefined,
    stored: undefined,
  }));
}

export const settingsActions: ApplicationActions<typeof settingsGroup> = {
  set: async ({ app, execute }, _options, name, value) => {
    const member = memberOf(name);
    await execute(UpdateSettings, { changes: { [member]: member === 'logo' ? readLogo(value) : value } });
    return changed(await app.get(SettingsOverview).list(), member);
  },

  unset: async ({ app, execute }, _options, name) => {
    const member = memberOf(name);
    await execute(UpdateSettings, { changes: { [member]: null } });
    return changed(await app.get(SettingsOverview).list(), member);
  },

  'test-message': async ({ app, execute }, { username }) => {
    const user = await app.get(UsersService).findByUsername(username);
    if (!user) throw new WrongRecord('not_found', `there is no user ${JSON.stringify(username)}`);
    const { delivered, recipient, message } = await execute(SendTestMail, { userId: user.id });
    const detail = String(message);
    return { json: { delivered, recipient, detail }, text: detail, exitCode: delivered ? 0 : 1 };
  },
};

function listed(settings: readonly ListedSetting[]): CommandOutput {
  return {
    json: { settings: settings.map(settingRepresentation) },
    text: table(
      ['SETTING', 'VALUE', 'SOURCE'],
      settings.map((each) => [each.name, shownValue(each), shownSource(each)]),
    ),
  };
}

function changed({ settings }: { readonly settings: readonly ListedSetting[] }, member: string): CommandOutput {
  const setting = settings.find((each) => each.member === member);
  if (!setting) throw new Error(`the setting ${member} is not listed`);
  const value = shownValue(setting);
  return {
    json: settingRepresentation(setting),
    text: `${setting.name} is ${value === '' ? 'not set' : value} (${shownSource(setting)})`,
  };
}

/** Both `GATEHOUSE_SIGN_UP` and `sign_up`; the operation rejects names that do not exist. */
function memberOf(name: string): string {
  return name.replace(/^GATEHOUSE_/i, '').toLowerCase();
}

function readLogo(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > maxLogoBytes)
      throw new Refused(`${path} has ${size} bytes; use an image of at most ${maxLogoBytes} bytes`);
    return logoText(readFileSync(path));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(`the file ${JSON.stringify(path)} cannot be read (${codeOf(error) ?? 'unknown error'})`);
  }
}

function shownValue({ value = '', secret, isSet }: ListedSetting): string {
  return secret && isSet ? '(secret)' : value;
}

function shownSource({ name, source }: ListedSetting): string {
  if (!('variable' in source) || source.variable === name) return source.kind;
  return `${source.kind} (${source.variable})`;
}
