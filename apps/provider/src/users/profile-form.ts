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

/** The claims that both users and administrators edit. */
export type ProfileDraft = Pick<UserDraft, AccountField> & { readonly profile: Profile };

/** The view model of a form field. */
export interface ProfileFieldModel {
  readonly id: string;
  readonly name: string;
  readonly label: Message;
  readonly hint: Message | undefined;
  readonly type: 'text' | 'url' | 'tel';
  /** Whether the value may have several lines. */
  readonly lines: boolean;
  readonly value: string;
  readonly optional: true;
  readonly plain: boolean;
  readonly autocomplete: string;
  readonly problem: Message | undefined;
  readonly focus: boolean;
}

const sections: readonly ProfileSection[] = ['names', 'about', 'contact'];

/** The field name in validation results: members of an address by their path. */
function fieldOf(name: UserPropertyName): string {
  return userPropertyOf[name].memberOf === 'address' ? `address.${name}` : name;
}

/** The name in the form: a single word, also for members of an address. */
function nameOf(field: string): string {
  return field.replace('.', '-');
}

/**
 * Reads the profile from a form. The caller decides whether the phone number is verified.
 * @param setter who submitted the form: properties that they may not set are ignored
 */
export function readProfile(form: Form, setter: PropertySetter): ProfileDraft {
  const valueOf = (name: UserPropertyName): string | undefined =>
    maySetProperty(setter, name) ? form.text(nameOf(fieldOf(name))).trim() || undefined : undefined;
  const read = (names: readonly UserPropertyName[]): object =>
    Object.fromEntries(names.map((name) => [name, valueOf(name)]));
  return {
    ...read(accountFields),
    profile: normalizeProfile({ ...read(profileFields), address: read(addressFields) }),
  };
}

/**
 * The fields of the form, in groups.
 * @param setter whose form it is; autocomplete is enabled only for users themselves
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
