import type { Form } from '@gatehouse/platform/http/form';
import { text, type Message } from '../../i18n/message.js';
import type { ListedSetting, SettingsList } from '../../settings/administration/settings-overview.service.js';
import type { FieldProblem } from '../../web/form-errors.js';
import { revisionOf } from '../../web/revision.js';

/** What a form of settings shows. */
export interface ShownSettings {
  readonly status?: number;
  readonly error?: Message | undefined;
  readonly problems?: readonly FieldProblem[];
  /** What was entered; by default the fields show the effective values. */
  readonly typed?: Form;
}

/** The field of a setting: its value, and whether the environment has fixed it. */
export interface SettingField {
  readonly value: string;
  readonly fixed: boolean;
  readonly hint: Message | undefined;
}

export function settingOf({ settings }: SettingsList, member: string): ListedSetting {
  const setting = settings.find((each) => each.member === member);
  if (!setting) throw new Error(`there is no setting ${member}`);
  return setting;
}

/** @param hint for a value that can be changed */
export function settingField(
  list: SettingsList,
  member: string,
  typed: Form | undefined,
  hint?: Message,
): SettingField {
  const { value = '', source } = settingOf(list, member);
  if ('variable' in source) return { value, fixed: true, hint: text('settings.fixed', { variable: source.variable }) };
  return { value: typed?.get(member) ?? value, fixed: false, hint };
}

/** The settings that differ from their effective values; an emptied field removes the stored value. */
export function changesOf(form: Form, list: SettingsList, members: readonly string[]): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const member of members) {
    const typed = form.get(member)?.trim();
    if (typed === undefined || typed === (settingOf(list, member).value ?? '')) continue;
    changes[member] = typed === '' ? null : typed;
  }
  return changes;
}

/** The hidden field with which a form is rejected if somebody else has changed the settings since. */
export function revisionField({ record }: SettingsList, typed: Form | undefined): string {
  return typed?.get('revision') ?? revisionOf(record);
}
