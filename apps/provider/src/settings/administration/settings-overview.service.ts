import { Inject, Injectable } from '@nestjs/common';
import { describeSettings, type SettingDescription } from '@gatehouse/platform/settings/describe-settings';
import type { SettingSource } from '@gatehouse/platform/settings/settings';
import { settingsDefinition } from '../../config/settings.js';
import { RoleRequirements } from '../../users/role-requirements.service.js';
import { roles, type Role } from '../../users/user.js';
import { CurrentSettings } from '../current-settings.js';
import { editableNames, editableSettings, effectiveSettings, type StoredTexts } from '../editable-settings.js';
import { describeLogo, logoSchema } from '../logo-image.js';
import { StoredSettings } from '../stored-settings.service.js';

/** A setting, its effective value and its source, for administrators. */
export interface ListedSetting extends SettingDescription {
  /** Its name for changes; undefined if only the environment can set it. */
  readonly member: string | undefined;
  /** What is stored in the database, even if the environment decides; undefined if nothing is. */
  readonly stored: string | undefined;
}

/** What administrators have changed: the base of a revision. Its members are those of the API. */
export type StoredRecord = Readonly<Record<string, string>>;

export interface SettingsList {
  readonly settings: readonly ListedSetting[];
  readonly record: StoredRecord;
}

export const secondFactorRoles = 'second_factor_roles';

/** Lists the effective settings. Reads the database, so that a change in another process is included at once. */
@Injectable()
export class SettingsOverview {
  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(StoredSettings) private readonly stored: StoredSettings,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
  ) {}

  async list(): Promise<SettingsList> {
    const { environment } = this.settings;
    const stored = await this.stored.read();
    const addedRoles = sortedRoles(await this.requirements.added());
    const { values, sources } = effectiveSettings(environment, stored);
    const { logo, ...plainValues } = values;
    const requiringRoles = sortedRoles([...environment.secondFactorRoles, ...addedRoles]);
    const isRoleAdded = requiringRoles.length > environment.secondFactorRoles.length;
    const described = describeSettings(settingsDefinition, {
      ...environment,
      ...plainValues,
      secondFactorRoles: requiringRoles,
      sources: {
        ...environment.sources,
        ...sources,
        ...(isRoleAdded ? { secondFactorRoles: { kind: 'database' } satisfies SettingSource } : {}),
      },
    });
    const record = storedRecord(stored, addedRoles);
    const listed = described.map((each): ListedSetting => {
      const member = memberOf(each.name);
      return { ...each, member, stored: member === undefined ? undefined : storedText(member, record) };
    });
    if (logo === undefined || 'path' in logo) return { settings: listed, record };
    const shownLogo = { value: describeLogo(logo), isSet: true, source: { kind: 'database' } } as const;
    return { settings: listed.map((each) => (each.member === 'logo' ? { ...each, ...shownLogo } : each)), record };
  }
}

/** The record of what is stored; an unset setting has no member. */
export function storedRecord(stored: StoredTexts, addedRoles: readonly string[]): StoredRecord {
  const members = editableNames.flatMap((name) => {
    const value = stored[name];
    return value === undefined ? [] : [[editableSettings[name].member, value] as const];
  });
  const addedList = sortedRoles(addedRoles).join(',');
  return Object.fromEntries(addedList === '' ? members : [...members, [secondFactorRoles, addedList]]);
}

/** A logo is described, because it is large. */
function storedText(member: string, record: StoredRecord): string | undefined {
  const value = record[member];
  if (member !== 'logo' || value === undefined) return value;
  const logo = logoSchema.safeParse(value);
  return logo.success ? describeLogo(logo.data) : 'not valid';
}

function memberOf(variable: string): string | undefined {
  if (variable === settingsDefinition.secondFactorRoles.name) return secondFactorRoles;
  const name = editableNames.find((each) => settingsDefinition[editableSettings[each].key].name === variable);
  return name && editableSettings[name].member;
}

function sortedRoles(among: readonly string[]): readonly Role[] {
  return roles.filter((role) => among.includes(role));
}
