import { addressFields, profileFields, tidyProfile, type Profile } from '@gatehouse/domain/oidc';
import type { Form } from '@gatehouse/server/web/form';
import { fieldId, type FieldProblem } from '../http/form-problems.js';
import type { UserDraft } from './user.js';

/** Of a person's claims, those that they and administrators edit alike. */
export type ProfileDraft = Pick<UserDraft, 'name' | 'givenName' | 'familyName'> & { readonly profile: Profile };

/** A field of the form as its view draws it. */
export interface ProfileFieldModel {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly type: 'text' | 'url' | 'tel';
  /** May have lines. */
  readonly lines: boolean;
  readonly value: string;
  readonly optional: true;
  readonly plain: boolean;
  readonly autocomplete: string;
  readonly problem: string | undefined;
  readonly focus: boolean;
}

type Description = readonly [
  field: string,
  label: string,
  autocomplete: string,
  more?: Partial<Pick<ProfileFieldModel, 'hint' | 'type' | 'lines' | 'plain'>>,
];

const link = { type: 'url', plain: true } as const;

const groups: readonly (readonly [heading: string, fields: readonly Description[]])[] = [
  [
    'Names',
    [
      ['name', 'Full name', 'name'],
      ['givenName', 'Given name', 'given-name'],
      ['middleName', 'Middle name', 'additional-name'],
      ['familyName', 'Family name', 'family-name'],
      ['nickname', 'Nickname', 'nickname'],
    ],
  ],
  [
    'About',
    [
      [
        'birthdate',
        'Date of birth',
        'bday',
        { hint: 'As 1990-12-31; 0000-12-31 without the year; or the year alone.' },
      ],
      ['gender', 'Gender', 'sex'],
      ['locale', 'Language', 'language', { hint: 'A language tag, such as en, de-AT or pt-BR.', plain: true }],
      ['zoneinfo', 'Time zone', 'off', { hint: 'Such as Europe/Paris or America/New_York.', plain: true }],
      ['website', 'Website', 'url', link],
      ['profilePage', 'Profile page', 'off', link],
      ['picture', 'Address of a picture', 'photo', link],
    ],
  ],
  [
    'Phone and address',
    [
      ['phoneNumber', 'Phone number', 'tel', { type: 'tel', hint: 'With the code of the country: +1 604 555 1234.' }],
      ['address.streetAddress', 'Street address', 'street-address', { lines: true }],
      ['address.postalCode', 'Postal code', 'postal-code'],
      ['address.locality', 'City', 'address-level2'],
      ['address.region', 'State or region', 'address-level1'],
      ['address.country', 'Country', 'country-name'],
      [
        'address.formatted',
        'As written on a label',
        'off',
        { lines: true, hint: 'Left empty, it is made of the lines above.' },
      ],
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
): readonly { readonly heading: string; readonly fields: readonly ProfileFieldModel[] }[] {
  const { name, givenName, familyName, profile } = draft;
  const values: Readonly<Record<string, unknown>> = {
    name,
    givenName,
    familyName,
    ...profile,
    ...Object.fromEntries(addressFields.map((field) => [`address.${field}`, profile.address?.[field]])),
  };
  return groups.map(([heading, fields]) => ({
    heading,
    fields: fields.map(([field, label, autocomplete, more]) => {
      const value = values[field];
      return {
        id: fieldId(field),
        name: nameOf(field),
        label,
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
