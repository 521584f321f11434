import type { ListedSetting } from './settings-overview.service.js';

/** A setting in the API and in the output of the command line. */
export function settingRepresentation(setting: ListedSetting) {
  const { name, member, value, secret, isSet, source, stored } = setting;
  return {
    name,
    member: member ?? null,
    value: value ?? null,
    secret,
    set: isSet,
    source: source.kind,
    variable: 'variable' in source ? source.variable : null,
    stored: stored ?? null,
  };
}
