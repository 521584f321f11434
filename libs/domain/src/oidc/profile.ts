/**
 * What a person says of themselves beside their names and e-mail address: the other standard claims.
 * An empty one is left out, never empty text.
 * @see OpenID Connect Core 5.1
 */
export interface Profile {
  readonly middleName?: string | undefined;
  readonly nickname?: string | undefined;
  /** `profile`: the address of a page about them; http or https. */
  readonly profilePage?: string | undefined;
  /** The address of an image file; http or https. */
  readonly picture?: string | undefined;
  readonly website?: string | undefined;
  readonly gender?: string | undefined;
  /** `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`. */
  readonly birthdate?: string | undefined;
  /** A name of the IANA time zone database. */
  readonly zoneinfo?: string | undefined;
  /** A language tag of BCP 47. */
  readonly locale?: string | undefined;
  /** E.164, with `;ext=` where it has an extension (RFC 3966). */
  readonly phoneNumber?: string | undefined;
  readonly phoneNumberVerified?: boolean | undefined;
  readonly address?: PostalAddress | undefined;
}

/** @see OpenID Connect Core 5.1.1 */
export interface PostalAddress {
  /** As on a label; lines are separated by a line feed. */
  readonly formatted?: string | undefined;
  /** May have lines. */
  readonly streetAddress?: string | undefined;
  readonly locality?: string | undefined;
  readonly region?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
}

/** The members of a profile that are text, in the order of OpenID Connect Core 5.1. */
export const profileFields = [
  'middleName',
  'nickname',
  'profilePage',
  'picture',
  'website',
  'gender',
  'birthdate',
  'zoneinfo',
  'locale',
  'phoneNumber',
] as const;
export type ProfileField = (typeof profileFields)[number];

export const addressFields = [
  'formatted',
  'streetAddress',
  'locality',
  'region',
  'postalCode',
  'country',
] as const satisfies readonly (keyof PostalAddress)[];

const mostCharacters: Readonly<Record<ProfileField | (typeof addressFields)[number], number>> = {
  middleName: 200,
  nickname: 200,
  profilePage: 2000,
  picture: 2000,
  website: 2000,
  gender: 100,
  birthdate: 10,
  zoneinfo: 100,
  locale: 100,
  phoneNumber: 40,
  formatted: 1000,
  streetAddress: 500,
  locality: 200,
  region: 200,
  postalCode: 50,
  country: 200,
};

/**
 * A profile as it is kept: without space around values, without empty members, line ends as line feeds, a phone
 * number without the marks that people write into it. Whatever is wrong stays as it was written, for the check to name.
 */
export function tidyProfile(typed: Profile): Profile {
  const tidy: { -readonly [Member in keyof Profile]: Profile[Member] } = {};
  for (const field of profileFields) {
    const value = typed[field]?.trim();
    if (value) tidy[field] = field === 'phoneNumber' ? tidyPhoneNumber(value) : value;
  }
  if (tidy.phoneNumber !== undefined && typed.phoneNumberVerified) tidy.phoneNumberVerified = true;
  const address: { -readonly [Member in keyof PostalAddress]: string } = {};
  for (const field of addressFields) {
    const value = typed.address?.[field]?.replace(/\r\n?/g, '\n').trim();
    if (value) address[field] = value;
  }
  if (Object.keys(address).length > 0) tidy.address = address;
  return tidy;
}

/** "+49 (0) 30 1234" is not E.164: a zero in brackets is not dialled from abroad, and is taken out with them. */
function tidyPhoneNumber(typed: string): string {
  const [number = '', ...extension] = typed.split(';');
  return [number.replace(/\(0\)/g, '').replace(/[\s().\-/\u2010-\u2015]/g, ''), ...extension].join(';');
}

/** What a value may break. */
export type ProfileRule = TextRule | ProfileGrammar;
type TextRule = 'long' | 'unseen';
type ProfileGrammar = 'webAddress' | 'userinfo' | 'birthdate' | 'zoneinfo' | 'locale' | 'phoneNumber';

/** Which field breaks which rule: the words for it are whoever's who shows it. */
export interface ProfileProblem {
  readonly field: string;
  readonly rule: ProfileRule;
  /** Characters that the field takes. */
  readonly most: number;
}

/**
 * Checks a tidy profile.
 * @returns everything that is wrong at once; an address's member is named `address.locality`
 * @see OpenID Connect Core 5.1, 5.1.1
 */
export function checkProfile(profile: Profile): ProfileProblem[] {
  const problems: ProfileProblem[] = [];
  for (const field of profileFields) {
    const value = profile[field];
    const most = mostCharacters[field];
    const rule = value === undefined ? undefined : (textProblem(value, most) ?? grammars[field]?.(value));
    if (rule !== undefined) problems.push({ field, rule, most });
  }
  for (const field of addressFields) {
    const value = profile.address?.[field];
    const lines = field === 'formatted' || field === 'streetAddress' ? value?.replaceAll('\n', ' ') : value;
    const most = mostCharacters[field];
    const rule = lines === undefined ? undefined : textProblem(lines, most);
    if (rule !== undefined) problems.push({ field: `address.${field}`, rule, most });
  }
  return problems;
}

/** What is wrong with a line of text that people read; undefined when nothing is. `most` is characters. */
export function textProblem(text: string, most: number): TextRule | undefined {
  if (text.length > most) return 'long';
  // Tabs, line ends, halves of characters; and marks that turn the reading direction, by which text disguises itself.
  if (/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text)) return 'unseen';
  return undefined;
}

const grammars: Readonly<Partial<Record<ProfileField, (value: string) => ProfileGrammar | undefined>>> = {
  profilePage: webAddressProblem,
  picture: webAddressProblem,
  website: webAddressProblem,
  birthdate: (value) => (isBirthdate(value) ? undefined : 'birthdate'),
  zoneinfo: (value) => (isTimeZone(value) ? undefined : 'zoneinfo'),
  locale: (value) => (isLanguageTag(value) ? undefined : 'locale'),
  phoneNumber: (value) => (/^\+[1-9]\d{3,14}(;ext=\d{1,10})?$/.test(value) ? undefined : 'phoneNumber'),
};

function webAddressProblem(value: string): ProfileGrammar | undefined {
  if (!/^https?:\/\/[^\s"<>\\]+$/i.test(value)) return 'webAddress';
  try {
    const url = new URL(value);
    return url.username === '' && url.password === '' ? undefined : 'userinfo';
  } catch {
    return 'webAddress';
  }
}

const daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isBirthdate(value: string): boolean {
  const parts = /^(\d{4})(?:-(\d{2})-(\d{2}))?$/.exec(value);
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (parts[2] === undefined) return year !== 0;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  // Without a year (0000), 29 February is a birthday too; 0 counts as a leap year of ISO 8601 anyway.
  return day >= 1 && day <= (month === 2 && !isLeap ? 28 : (daysOfMonths[month - 1] ?? 0));
}

function isTimeZone(value: string): boolean {
  // An offset (+01:00) is understood too by some engines, and is no name.
  if (!/^[A-Za-z][\w+/-]*$/.test(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

function isLanguageTag(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch {
    return false;
  }
}
