import {
  birthdateProblem,
  languageTagProblem,
  phoneNumberProblem,
  tidyPhoneNumber,
  timeZoneProblem,
  webAddressProblem,
  type ProfileGrammar,
} from './profile-grammars.js';

/**
 * Who may set a property of an account: administrators (also by the API and the command line), the person it is about, or
 * whoever signs up for it.
 */
export type PropertySetter = 'administrator' | 'person' | 'sign-up';

/** One property of an account that applications can be told of. */
export interface UserProperty {
  /** Its claim (OpenID Connect Core 5.1); within `address`, the member (5.1.1). */
  readonly claim: string;
  /** The scope that asks for its claim (OpenID Connect Core 5.4). */
  readonly scope: 'profile' | 'email' | 'phone' | 'address';
  /** What it is a member of: the account itself, its `profile`, or the profile's `address`. */
  readonly memberOf: 'account' | 'profile' | 'address';
  readonly codec: 'text' | 'flag';
  /** Characters of a line of text. Left out: the text has rules of its own (usernames, e-mail addresses). */
  readonly most?: number;
  /** May have several lines. */
  readonly lines?: true;
  /** How it is stored, of what was typed. */
  readonly tidy?: (typed: string) => string;
  /** What is wrong with a tidy value. */
  readonly check?: (value: string) => ProfileGrammar | undefined;
  /** A flag about another property: there is none without that, and it is false by default. */
  readonly verifies?: string;
  /** There is no default: each property says it. */
  readonly setBy: readonly PropertySetter[];
}

const everybody = ['administrator', 'person', 'sign-up'] as const satisfies readonly PropertySetter[];
const both = ['administrator', 'person'] as const satisfies readonly PropertySetter[];
const administrators = ['administrator'] as const satisfies readonly PropertySetter[];

const ofAccount = { scope: 'profile', memberOf: 'account', codec: 'text' } as const;
const ofProfile = { scope: 'profile', memberOf: 'profile', codec: 'text' } as const;
const ofAddress = { scope: 'address', memberOf: 'address', codec: 'text' } as const;
const webAddress = { most: 2000, check: webAddressProblem } as const;

/**
 * The properties of an account, in the order of OpenID Connect Core 5.1. Types, checks, claims and metadata derive from it,
 * and so do forms, the API and the command line. Rules across properties are functions of those who apply them.
 */
export const userProperties = {
  name: { ...ofAccount, claim: 'name', most: 200, setBy: everybody },
  givenName: { ...ofAccount, claim: 'given_name', most: 200, setBy: both },
  familyName: { ...ofAccount, claim: 'family_name', most: 200, setBy: both },
  middleName: { ...ofProfile, claim: 'middle_name', most: 200, setBy: both },
  nickname: { ...ofProfile, claim: 'nickname', most: 200, setBy: both },
  username: { ...ofAccount, claim: 'preferred_username', setBy: ['administrator', 'sign-up'] },
  /** The address of a page about the person; http or https. */
  profilePage: { ...ofProfile, claim: 'profile', ...webAddress, setBy: both },
  /** The address of an image file; http or https. */
  picture: { ...ofProfile, claim: 'picture', ...webAddress, setBy: both },
  website: { ...ofProfile, claim: 'website', ...webAddress, setBy: both },
  gender: { ...ofProfile, claim: 'gender', most: 100, setBy: both },
  /** `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`. */
  birthdate: { ...ofProfile, claim: 'birthdate', most: 10, check: birthdateProblem, setBy: both },
  /** A name of the IANA time zone database. */
  zoneinfo: { ...ofProfile, claim: 'zoneinfo', most: 100, check: timeZoneProblem, setBy: both },
  /** A language tag of BCP 47. */
  locale: { ...ofProfile, claim: 'locale', most: 100, check: languageTagProblem, setBy: both },
  /** A person changes theirs by a link that is sent there. */
  email: { ...ofAccount, claim: 'email', scope: 'email', setBy: ['administrator', 'sign-up'] },
  emailVerified: {
    claim: 'email_verified',
    scope: 'email',
    memberOf: 'account',
    codec: 'flag',
    verifies: 'email',
    setBy: administrators,
  },
  /** E.164, with `;ext=` where it has an extension (RFC 3966). */
  phoneNumber: {
    ...ofProfile,
    claim: 'phone_number',
    scope: 'phone',
    most: 40,
    tidy: tidyPhoneNumber,
    check: phoneNumberProblem,
    setBy: both,
  },
  phoneNumberVerified: {
    claim: 'phone_number_verified',
    scope: 'phone',
    memberOf: 'profile',
    codec: 'flag',
    verifies: 'phoneNumber',
    setBy: administrators,
  },
  /** As on a label. */
  formatted: { ...ofAddress, claim: 'formatted', most: 1000, lines: true, setBy: both },
  streetAddress: { ...ofAddress, claim: 'street_address', most: 500, lines: true, setBy: both },
  locality: { ...ofAddress, claim: 'locality', most: 200, setBy: both },
  region: { ...ofAddress, claim: 'region', most: 200, setBy: both },
  postalCode: { ...ofAddress, claim: 'postal_code', most: 50, setBy: both },
  country: { ...ofAddress, claim: 'country', most: 200, setBy: both },
} as const satisfies Readonly<Record<string, UserProperty>>;

type Properties = typeof userProperties;
export type UserPropertyName = keyof Properties;

/** Lines of text that are members of the account, the profile or the address. */
type TextOf<Member extends UserProperty['memberOf']> = {
  [Name in UserPropertyName]: Properties[Name] extends { readonly memberOf: Member; readonly most: number }
    ? Name
    : never;
}[UserPropertyName];

export type AccountField = TextOf<'account'>;
export type ProfileField = TextOf<'profile'>;
export type AddressField = TextOf<'address'>;

/** The names of the claims that properties are told by; those of an address's members stand within `address`. */
export type PropertyClaim = {
  [Name in UserPropertyName]: Properties[Name]['memberOf'] extends 'address' ? never : Properties[Name]['claim'];
}[UserPropertyName];

/** The row of each property, with everything that a row may have. */
export const userPropertyOf: Readonly<Record<UserPropertyName, UserProperty>> = userProperties;

// Object.keys knows no names; the table has these and no others.
export const userPropertyNames = Object.keys(userProperties) as readonly UserPropertyName[];

export const accountFields: readonly AccountField[] = userPropertyNames.filter(isTextOf<AccountField>('account'));
export const profileFields: readonly ProfileField[] = userPropertyNames.filter(isTextOf<ProfileField>('profile'));
export const addressFields: readonly AddressField[] = userPropertyNames.filter(isTextOf<AddressField>('address'));

function isTextOf<Field extends UserPropertyName>(
  member: UserProperty['memberOf'],
): (name: UserPropertyName) => name is Field {
  return (name): name is Field => userPropertyOf[name].memberOf === member && userPropertyOf[name].most !== undefined;
}

export function maySetProperty(setter: PropertySetter, name: UserPropertyName): boolean {
  return userPropertyOf[name].setBy.includes(setter);
}

/** The claims of the account's own text, each with its member; usernames and addresses are no such text. */
export const accountClaims = claimsOf(accountFields);
/** The claims of the profile's text, each with its member. */
export const profileClaims = claimsOf(profileFields);
/** The members of the claim `address` (OpenID Connect Core 5.1.1), each with the profile's. */
export const addressClaims = claimsOf(addressFields);

function claimsOf<Field extends UserPropertyName>(
  fields: readonly Field[],
): { readonly [Name in Field as Properties[Name]['claim']]: Name } {
  // Each claim of these fields, and the field: what the type says.
  return Object.fromEntries(fields.map((field) => [userProperties[field].claim, field])) as {
    [Name in Field as Properties[Name]['claim']]: Name;
  };
}
