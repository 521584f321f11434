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
 * The standard claims that users provide about themselves, apart from names and e-mail address. Empty values are undefined,
 * never empty text.
 * @see OpenID Connect Core 5.1
 */
export interface Profile extends ProfileTexts {
  readonly phoneNumberVerified?: boolean | undefined;
  readonly address?: PostalAddress | undefined;
}

/** Lines are separated by a line feed. @see OpenID Connect Core 5.1.1 */
export type PostalAddress = { readonly [Field in AddressField]?: string | undefined };

/**
 * Normalizes a profile for storage: trims values, omits empty members, converts line ends to line feeds and removes
 * formatting from a phone number. Invalid values are unchanged, so that the check can report them.
 */
export function normalizeProfile(typed: Profile): Profile {
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

/** Rules that a value may violate. */
export type ProfileRule = TextRule | ProfileGrammar;
type TextRule = 'long' | 'unseen';

/** The field and the violated rule; the caller chooses the message. */
export interface ProfileProblem {
  readonly field: string;
  readonly rule: ProfileRule;
  /** Maximum length in characters. */
  readonly most: number;
}

/**
 * Validates a normalized profile.
 * @returns all problems; members of the address are named `address.locality`
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

/** What is wrong with a line of displayed text; undefined if nothing is. `most` is in characters. */
export function textProblem(text: string, most: number): TextRule | undefined {
  if (text.length > most) return 'long';
  // Tabs, line ends, lone surrogates, and bidirectional control characters, which can disguise text.
  if (/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text)) return 'unseen';
  return undefined;
}
