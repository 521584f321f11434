import type { ProfileGrammar } from './profile-grammars.js';
import {
  addressFields,
  profileFields,
  userPropertyOf,
  type AddressField,
  type ProfileField,
} from './user-properties.js';

type ProfileTexts = { readonly [Field in ProfileField]?: string | undefined };

/**
 * What a person says of themselves beside their names and e-mail address: the other standard claims.
 * An empty one is left out, never empty text.
 * @see OpenID Connect Core 5.1
 */
export interface Profile extends ProfileTexts {
  readonly phoneNumberVerified?: boolean | undefined;
  readonly address?: PostalAddress | undefined;
}

/** Lines are separated by a line feed. @see OpenID Connect Core 5.1.1 */
export type PostalAddress = { readonly [Field in AddressField]?: string | undefined };

/**
 * A profile as it is kept: without space around values, without empty members, line ends as line feeds, a phone
 * number without the marks that people write into it. Whatever is wrong stays as it was written, for the check to name.
 */
export function tidyProfile(typed: Profile): Profile {
  const tidy: { -readonly [Member in keyof Profile]: Profile[Member] } = {};
  for (const field of profileFields) {
    const value = typed[field]?.trim();
    if (value) tidy[field] = userPropertyOf[field].tidy?.(value) ?? value;
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

/** What a value may break. */
export type ProfileRule = TextRule | ProfileGrammar;
type TextRule = 'long' | 'unseen';

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
    const { most = 0, check } = userPropertyOf[field];
    const value = profile[field];
    const rule = value === undefined ? undefined : (textProblem(value, most) ?? check?.(value));
    if (rule !== undefined) problems.push({ field, rule, most });
  }
  for (const field of addressFields) {
    const { most = 0, lines } = userPropertyOf[field];
    const value = profile.address?.[field];
    const text = lines ? value?.replaceAll('\n', ' ') : value;
    const rule = text === undefined ? undefined : textProblem(text, most);
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
