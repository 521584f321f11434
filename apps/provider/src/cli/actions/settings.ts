import { describeSettings, type SettingDescription } from '@gatehouse/platform/settings/describe-settings';
import { settingsDefinition, type Settings } from '../../config/settings.js';
import { table, type Actions, type CommandOutput } from '../command.js';
import type { settingsGroup } from '../commands/settings.js';

/** The effective settings and where they come from; no values of secrets. */
function listSettings(settings: Settings): CommandOutput {
  const descriptions = describeSettings(settingsDefinition, settings);
  return {
    json: {
      settings: descriptions.map(({ name, value = null, secret, isSet, source }) => ({
        name,
        value,
        secret,
        set: isSet,
        source: source.kind,
        variable: source.kind === 'default' ? null : source.variable,
      })),
    },
    text: table(
      ['SETTING', 'VALUE', 'SOURCE'],
      descriptions.map((each) => [each.name, shownValue(each), shownSource(each)]),
    ),
  };
}

function shownValue({ value = '', secret, isSet }: SettingDescription): string {
  return secret && isSet ? '(secret)' : value;
}

function shownSource({ name, source }: SettingDescription): string {
  if (source.kind === 'default' || source.variable === name) return source.kind;
  return `${source.kind} (${source.variable})`;
}

export const settingsActions: Actions<typeof settingsGroup.commands, Settings> = {
  list: (settings) => Promise.resolve(listSettings(settings)),
};
