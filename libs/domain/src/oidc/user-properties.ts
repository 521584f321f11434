import {
  birthdateProblem,
  languageTagProblem,
  phoneNumberProblem,
  normalizePhoneNumber,
  timeZoneProblem,
  webAddressProblem,
  type ProfileGrammar,
} from './profile-grammars.js';

/**
 * Who may set an account property: administrators (also by the API and the command line), the user, or a person who signs up.
 */
export type PropertySetter = 'administrator' | 'person' | 'sign-up';

/** An account property that can be shared with applications. */
export interface UserProperty {
  /** Its claim (OpenID Connect Core 5.1); within `address`, the member (5.1.1). */
  readonly claim: string;
  /** The scope that includes its claim (OpenID Connect Core 5.4). */
  readonly scope: 'profile' | 'email' | 'phone' | 'address';
  /** Where it is stored: the account itself, its `profile`, or the profile's `address`. */
  readonly memberOf: 'account' | 'profile' | 'address';
  readonly codec: 'text' | 'flag';
  /** Maximum length in characters. Omitted: the text has its own rules (usernames, e-mail addresses). */
  readonly most?: number;
  /** May have several lines. */
  readonly lines?: true;
  /** Normalizes typed text for storage. */
  readonly tidy?: (typed: string) => string;
  /** Validates a normalized value. */
  readonly check?: (value: string) => ProfileGrammar | undefined;
  /** A flag about another property: only exists with that, and is false by default. */
  readonly verifies?: string;
  /** Required for each property; there is no default. */
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
 * The account properties, in the order of OpenID Connect Core 5.1. Types, checks, claims, metadata, forms, the API and the
 * command line derive from it. Rules across properties are functions of their callers.
 */
export const userProperties = {
  name: { ...ofAccount, claim: 'name', most: 200, setBy: everybody },
  givenName: { ...ofAccount, claim: 'given_name', most: 200, setBy: both },
  familyName: { ...ofAccount, claim: 'family_name', most: 200, setBy: both },
  middleName: { ...ofProfile, claim: 'middle_name', most: 200, setBy: both },
  nickname: { ...ofProfile, claim: 'nickname', most: 200, setBy: both },
  username: { ...ofAccount, claim: 'preferred_username', setBy: ['administrator', 'sign-up'] },
  /** The URL of a page about the user; http or https. */
  profilePage: { ...ofProfile, claim: 'profile', ...webAddress, setBy: both },
  /** The URL of an image; http or https. */
  picture: { ...ofProfile, claim: 'picture', ...webAddress, setBy: both },
  website: { ...ofProfile, claim: 'website', ...webAddress, setBy: both },
  gender: { ...ofProfile, claim: 'gender', most: 100, setBy: both },
  /** `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`. */
  birthdate: { ...ofProfile, claim: 'birthdate', most: 10, check: birthdateProblem, setBy: both },
  /** A name of the IANA time zone database. */
  zoneinfo: { ...ofProfile, claim: 'zoneinfo', most: 100, check: timeZoneProblem, setBy: both },
  /** A BCP 47 language tag. */
  locale: { ...ofProfile, claim: 'locale', most: 100, check: languageTagProblem, setBy: both },
  /** Users change theirs with a link that is sent to the new address. */
  email: { ...ofAccount, claim: 'email', scope: 'email', setBy: ['administrator', 'sign-up'] },
  emailVerified: {
    claim: 'email_verified',
    scope: 'email',
    memberOf: 'account',
    codec: 'flag',
    verifies: 'email',
    setBy: administrators,
  },
  /** E.164, with `;ext=` for an extension (RFC 3966). */
  phoneNumber: {
    ...ofProfile,
    claim: 'phone_number',
    scope: 'phone',
    most: 40,
    tidy: normalizePhoneNumber,
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

/** Text members of the account, the profile or the address. */
type TextOf<Member extends UserProperty['memberOf']> = {
  [Name in UserPropertyName]: Properties[Name] extends { readonly memberOf: Member; readonly most: number }
    ? Name
    : never;
}[UserPropertyName];

export type AccountField = TextOf<'account'>;
export type ProfileField = TextOf<'profile'>;
export type AddressField = TextOf<'address'>;

/** The claims of properties; members of the address are within `address`. */
export type PropertyClaim = {
  [Name in UserPropertyName]: Properties[Name]['memberOf'] extends 'address' ? never : Properties[Name]['claim'];
}[UserPropertyName];

/** The definition of each property, with all optional members. */
export const userPropertyOf: Readonly<Record<UserPropertyName, UserProperty>> = userProperties;

// Object.keys has no literal types; the table has exactly these names.
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

/** The claims of the account's text, each with its member, except username and e-mail address. */
export const accountClaims = claimsOf(accountFields);
/** The claims of the profile's text, each with its member. */
export const profileClaims = claimsOf(profileFields);
/** The members of the claim `address` (OpenID Connect Core 5.1.1), each with the profile's. */
export const addressClaims = claimsOf(addressFields);

function claimsOf<Field extends UserPropertyName>(
  fields: readonly Field[],
): { readonly [Name in Field as Properties[Name]['claim']]: Name } {
  // Each claim of these fields and its field, as the type declares.
  return Object.fromEntries(fields.map((field) => [userProperties[field].claim, field])) as {
    [Name in Field as Properties[Name]['claim']]: Name;
  };
}
