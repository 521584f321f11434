import {
  accountFields,
  addressFields,
  maySetProperty,
  profileFields,
  normalizeProfile,
  userPropertyOf,
  type AccountField,
  type Profile,
  type PropertySetter,
  type UserPropertyName,
} from '@gatehouse/domain/oidc';
import type { Form } from '@gatehouse/platform/http/form';
import { fieldId, type FieldProblem } from '../web/form-errors.js';
import { text, type Message } from '../i18n/message.js';
import type { UserDraft } from './user.js';
import { propertiesIn, type ProfileSection } from './user-property-forms.js';

/** Of a person's claims, those that they and administrators edit alike. */
export type ProfileDraft = Pick<UserDraft, AccountField> & { readonly profile: Profile };

/** A field of the form as its view draws it. */
export interface ProfileFieldModel {
  readonly id: string;
  readonly name: string;
  readonly label: Message;
  readonly hint: Message | undefined;
  readonly type: 'text' | 'url' | 'tel';
  /** May have lines. */
  readonly lines: boolean;
  readonly value: string;
  readonly optional: true;
  readonly plain: boolean;
  readonly autocomplete: string;
  readonly problem: Message | undefined;
  readonly focus: boolean;
}

const sections: readonly ProfileSection[] = ['names', 'about', 'contact'];

/** How an outcome names the field: an address's members by their path. */
function fieldOf(name: UserPropertyName): string {
  return userPropertyOf[name].memberOf === 'address' ? `address.${name}` : name;
}

/** The name in the form: of an address's members too, one word. */
function nameOf(field: string): string {
  return field.replace('.', '-');
}

/**
 * What was typed. A verification of the phone number is for the caller to know.
 * @param setter whose form it is: what they may not set is not looked at
 */
export function readProfile(form: Form, setter: PropertySetter): ProfileDraft {
  const typed = (name: UserPropertyName): string | undefined =>
    maySetProperty(setter, name) ? form.text(nameOf(fieldOf(name))).trim() || undefined : undefined;
  const read = (names: readonly UserPropertyName[]): object =>
    Object.fromEntries(names.map((name) => [name, typed(name)]));
  return { ...read(accountFields), profile: normalizeProfile({ ...read(profileFields), address: read(addressFields) }) };
}

/**
 * The fields of the form, in groups.
 * @param setter whose form it is; the browser of a person may offer what it knows of them
 */
export function profileFieldGroups(
  draft: ProfileDraft,
  problems: readonly FieldProblem[],
  setter: PropertySetter,
): readonly { readonly heading: Message; readonly fields: readonly ProfileFieldModel[] }[] {
  const { profile, ...names } = draft;
  const values: Readonly<Record<string, unknown>> = { ...names, ...profile, ...profile.address };
  return sections.map((section) => ({
    heading: text(`profile.${section}`),
    fields: propertiesIn(section)
      .filter(([name]) => maySetProperty(setter, name))
      .map(([name, { label, help, autocomplete = 'off', type, plain = false }]): ProfileFieldModel => {
        const field = fieldOf(name);
        const value = values[name];
        return {
          id: fieldId(field),
          name: nameOf(field),
          label,
          hint: help,
          type: type ?? 'text',
          lines: userPropertyOf[name].lines ?? false,
          plain,
          value: typeof value === 'string' ? value : '',
          optional: true,
          autocomplete: setter === 'person' ? autocomplete : 'off',
          problem: problems.find((problem) => problem.field === field)?.message,
          focus: problems[0]?.field === field,
        };
      }),
  }));
}
