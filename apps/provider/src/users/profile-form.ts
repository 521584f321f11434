import { addressFields, profileFields, tidyProfile, type Profile } from '@gatehouse/domain/oidc';
import type { Form } from '@gatehouse/server/web/form';
import { fieldId, type FieldProblem } from '../http/form-problems.js';
import { hasText, text, type Sentence } from '../texts/text.js';
import type { UserDraft } from './user.js';

/** Of a person's claims, those that they and administrators edit alike. */
export type ProfileDraft = Pick<UserDraft, 'name' | 'givenName' | 'familyName'> & { readonly profile: Profile };

/** A field of the form as its view draws it. */
export interface ProfileFieldModel {
  readonly id: string;
  readonly name: string;
  readonly label: Sentence;
  readonly hint: Sentence | undefined;
  readonly type: 'text' | 'url' | 'tel';
  /** May have lines. */
  readonly lines: boolean;
  readonly value: string;
  readonly optional: true;
  readonly plain: boolean;
  readonly autocomplete: string;
  readonly problem: Sentence | undefined;
  readonly focus: boolean;
}

type Description = readonly [
  field: string,
  autocomplete: string,
  more?: Partial<Pick<ProfileFieldModel, 'type' | 'lines' | 'plain'>>,
];

const link = { type: 'url', plain: true } as const;

const groups: readonly (readonly [heading: 'names' | 'about' | 'contact', fields: readonly Description[]])[] = [
  [
    'names',
    [
      ['name', 'name'],
      ['givenName', 'given-name'],
      ['middleName', 'additional-name'],
      ['familyName', 'family-name'],
      ['nickname', 'nickname'],
    ],
  ],
  [
    'about',
    [
      ['birthdate', 'bday'],
      ['gender', 'sex'],
      ['locale', 'language', { plain: true }],
      ['zoneinfo', 'off', { plain: true }],
      ['website', 'url', link],
      ['profilePage', 'off', link],
      ['picture', 'photo', link],
    ],
  ],
  [
    'contact',
    [
      ['phoneNumber', 'tel', { type: 'tel' }],
      ['address.streetAddress', 'street-address', { lines: true }],
      ['address.postalCode', 'postal-code'],
      ['address.locality', 'address-level2'],
      ['address.region', 'address-level1'],
      ['address.country', 'country-name'],
      ['address.formatted', 'off', { lines: true }],
    ],
  ],
];

/** The name in the form: of an address's members too, one word. */
function nameOf(field: string): string {
  return field.replace('.', '-');
}

/** What was typed. A verification of the phone number is for the caller to know. */
export function readProfile(form: Form): ProfileDraft {
  const typed = (field: string): string | undefined => form.text(nameOf(field)).trim() || undefined;
  return {
    name: typed('name'),
    givenName: typed('givenName'),
    familyName: typed('familyName'),
    profile: tidyProfile({
      ...Object.fromEntries(profileFields.map((field) => [field, typed(field)])),
      address: Object.fromEntries(addressFields.map((field) => [field, typed(`address.${field}`)])),
    }),
  };
}

/**
 * The fields of the form, in groups.
 * @param filledBy 'owner': the browser may offer what it knows of the person at it
 */
export function profileFieldGroups(
  draft: ProfileDraft,
  problems: readonly FieldProblem[],
  filledBy: 'owner' | 'other',
): readonly { readonly heading: Sentence; readonly fields: readonly ProfileFieldModel[] }[] {
  const { name, givenName, familyName, profile } = draft;
  const values: Readonly<Record<string, unknown>> = {
    name,
    givenName,
    familyName,
    ...profile,
    ...Object.fromEntries(addressFields.map((field) => [`address.${field}`, profile.address?.[field]])),
  };
  return groups.map(([heading, fields]) => ({
    heading: text(`profile.${heading}`),
    fields: fields.map(([field, autocomplete, more]) => {
      const value = values[field];
      const key = field.replace('address.', '');
      const hint = `profile.${key}Hint`;
      return {
        id: fieldId(field),
        name: nameOf(field),
        label: sentenceOf(`profile.${key}`),
        hint: hasText(hint) ? text(hint) : undefined,
        type: 'text',
        lines: false,
        plain: false,
        ...more,
        value: typeof value === 'string' ? value : '',
        optional: true,
        autocomplete: filledBy === 'owner' ? autocomplete : 'off',
        problem: problems.find((problem) => problem.field === field)?.message,
        focus: problems[0]?.field === field,
      };
    }),
  }));
}

/** @throws RangeError for a field that nobody gave a name */
function sentenceOf(key: string): Sentence {
  if (!hasText(key)) throw new RangeError(`there is no text "${key}"`);
  return text(key);
}
