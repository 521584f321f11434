import type { UserPropertyName } from '@gatehouse/domain/oidc';
import { text, type Text } from '../i18n/message.js';

export type ProfileSection = 'names' | 'about' | 'contact';

interface OnCommandLine {
  /** An option of its own, or `claim` for `--claim NAME=VALUE`. */
  readonly option: string;
}

/** A field of the account's form itself, beside the profile: its view has the words. */
interface AccountFieldForm extends OnCommandLine {
  readonly section: 'account';
}

/** A field of the profile's form, for the person and for administrators. */
export interface ProfileFieldForm extends OnCommandLine {
  readonly section: ProfileSection;
  readonly label: Text;
  readonly help?: Text;
  /** What a browser may fill in for the person at it (HTML, 4.10.18.7). */
  readonly autocomplete?: string;
  readonly type?: 'url' | 'tel';
  /** Not to be corrected or capitalized by a browser. */
  readonly plain?: true;
}

/** How a property of an account is shown and entered. */
export type UserPropertyForm = AccountFieldForm | ProfileFieldForm;

const names = { section: 'names', option: 'claim' } as const;
const about = { section: 'about', option: 'claim' } as const;
const contact = { section: 'contact', option: 'claim' } as const;
const link = { type: 'url', plain: true } as const;

/** Beside the domain's `userProperties`: sections and fields in the order in which forms show them. */
export const userPropertyForms = {
  username: { section: 'account', option: 'username' },
  email: { section: 'account', option: 'email' },
  emailVerified: { section: 'account', option: 'email-verified' },
  name: { ...names, label: text('profile.name'), autocomplete: 'name' },
  givenName: { ...names, label: text('profile.givenName'), autocomplete: 'given-name' },
  middleName: { ...names, label: text('profile.middleName'), autocomplete: 'additional-name' },
  familyName: { ...names, label: text('profile.familyName'), autocomplete: 'family-name' },
  nickname: { ...names, label: text('profile.nickname'), autocomplete: 'nickname' },
  birthdate: {
    ...about,
    label: text('profile.birthdate'),
    help: text('profile.birthdateHint'),
    autocomplete: 'bday',
  },
  gender: { ...about, label: text('profile.gender'), autocomplete: 'sex' },
  locale: {
    ...about,
    label: text('profile.locale'),
    help: text('profile.localeHint'),
    autocomplete: 'language',
    plain: true,
  },
  zoneinfo: { ...about, label: text('profile.zoneinfo'), help: text('profile.zoneinfoHint'), plain: true },
  website: { ...about, ...link, label: text('profile.website'), autocomplete: 'url' },
  profilePage: { ...about, ...link, label: text('profile.profilePage') },
  picture: { ...about, ...link, label: text('profile.picture'), autocomplete: 'photo' },
  phoneNumber: {
    ...contact,
    label: text('profile.phoneNumber'),
    help: text('profile.phoneNumberHint'),
    autocomplete: 'tel',
    type: 'tel',
  },
  phoneNumberVerified: { section: 'account', option: 'claim' },
  streetAddress: { ...contact, label: text('profile.streetAddress'), autocomplete: 'street-address' },
  postalCode: { ...contact, label: text('profile.postalCode'), autocomplete: 'postal-code' },
  locality: { ...contact, label: text('profile.locality'), autocomplete: 'address-level2' },
  region: { ...contact, label: text('profile.region'), autocomplete: 'address-level1' },
  country: { ...contact, label: text('profile.country'), autocomplete: 'country-name' },
  formatted: { ...contact, label: text('profile.formatted'), help: text('profile.formattedHint') },
} as const satisfies Readonly<Record<UserPropertyName, UserPropertyForm>>;

/** The row of each property, with everything that a row may have. */
export const userPropertyFormOf: Readonly<Record<UserPropertyName, UserPropertyForm>> = userPropertyForms;

// Object.keys knows no names; the table has these and no others.
const namesInOrder = Object.keys(userPropertyForms) as readonly UserPropertyName[];

/** The properties of a section with their rows, in its order. */
export function propertiesIn(section: ProfileSection): readonly (readonly [UserPropertyName, ProfileFieldForm])[] {
  return namesInOrder.flatMap((name) => {
    const row = userPropertyFormOf[name];
    return row.section === section ? [[name, row] as const] : [];
  });
}
