import type { UserPropertyName } from '@gatehouse/domain/oidc';
import { text, type Text } from '../i18n/message.js';

export type ProfileSection = 'names' | 'about' | 'contact';

interface OnCommandLine {
  /** A separate option, or `claim` for `--claim NAME=VALUE`. */
  readonly option: string;
}

/** A field of the account form outside the profile; its view contains the texts. */
interface AccountFieldForm extends OnCommandLine {
  readonly section: 'account';
}

/** A field of the profile form, which users and administrators share. */
export interface ProfileFieldForm extends OnCommandLine {
  readonly section: ProfileSection;
  readonly label: Text;
  readonly help?: Text;
  /** The autocomplete token for the user's own form (HTML, 4.10.18.7). */
  readonly autocomplete?: string;
  readonly type?: 'url' | 'tel';
  /** Disables correction and capitalization by the browser. */
  readonly plain?: true;
}

/** How a property of an account is displayed and entered. */
export type UserPropertyForm = AccountFieldForm | ProfileFieldForm;

const names = { section: 'names', option: 'claim' } as const;
const about = { section: 'about', option: 'claim' } as const;
const contact = { section: 'contact', option: 'claim' } as const;
const link = { type: 'url', plain: true } as const;

/** Complements the domain's `userProperties`: sections and fields in the order in which forms show them. */
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

/** The form of each property, in the general type. */
export const userPropertyFormOf: Readonly<Record<UserPropertyName, UserPropertyForm>> = userPropertyForms;

// Object.keys returns plain strings; the table has exactly these names.
const namesInOrder = Object.keys(userPropertyForms) as readonly UserPropertyName[];

/** The properties of a section and their forms, in order. */
export function propertiesIn(section: ProfileSection): readonly (readonly [UserPropertyName, ProfileFieldForm])[] {
  return namesInOrder.flatMap((name) => {
    const row = userPropertyFormOf[name];
    return row.section === section ? [[name, row] as const] : [];
  });
}
