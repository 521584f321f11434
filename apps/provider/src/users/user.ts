import { emailKey, isEmailAddress, isHighlyRestrictive, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  accountFields,
  checkProfile,
  textProblem,
  userProperties,
  type AccountField,
  type Profile,
  type ProfileRule,
} from '@gatehouse/domain/oidc';
import { roles, type Role } from '../config/roles.js';
import { text, type Message } from '../i18n/message.js';

export { roles, type Role };

/** The name of a role, and what people with it may do. */
export const roleTexts: Readonly<Record<Role, { readonly label: Message; readonly hint: Message }>> = {
  admin: { label: text('role.admin'), hint: text('users.role.adminHint') },
  auditor: { label: text('role.auditor'), hint: text('users.role.auditorHint') },
  developer: { label: text('role.developer'), hint: text('users.role.developerHint') },
  user: { label: text('users.role.user'), hint: text('users.role.userHint') },
};

/** The states of accounts in lists; `invited`: without a password. */
export const userStatuses = ['active', 'invited', 'disabled'] as const;
export type UserStatus = (typeof userStatuses)[number];

/** An account, as other modules see it. Never contains the password hash. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string | undefined;
  readonly givenName: string | undefined;
  readonly familyName: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  /** Empty if no claim is set. */
  readonly profile: Profile;
  readonly hasPassword: boolean;
  readonly roles: readonly string[];
  readonly createdAt: EpochSeconds;
  readonly updatedAt: EpochSeconds;
  readonly lastLoginAt: EpochSeconds | undefined;
  readonly disabledAt: EpochSeconds | undefined;
}

/** The properties of a user that a form or a command sets. */
export interface UserDraft {
  readonly username: string;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  /** Normalized (`normalizeProfile`); if omitted, unchanged. */
  readonly profile?: Profile | undefined;
  readonly roles?: readonly string[] | undefined;
}

export function statusOf({ disabledAt, hasPassword }: Pick<User, 'disabledAt' | 'hasPassword'>): UserStatus {
  if (disabledAt !== undefined) return 'disabled';
  return hasPassword ? 'active' : 'invited';
}

/** The properties that administrators edit; the revision is computed from them. */
export function editable(user: User): object {
  const { username, name, givenName, familyName, email, emailVerified, profile, roles: given } = user;
  return { username, name, givenName, familyName, email, emailVerified, profile, roles: given };
}

export interface Problem {
  readonly field: string;
  readonly message: Message;
}

const usernameMaximum = 64;
/** Maximum length of a name in code units. */
export const maxNameUnits = userProperties.name.most;
/** A composed character is at most four code units when it is decomposed. */
const maxUnitsPerCharacter = 4;
/** Maximum length of a username in code units, in any normalization form; longer text names no account. */
export const maxUsernameUnits = usernameMaximum * maxUnitsPerCharacter;
/** Maximum length of a password in code units, in any normalization form; longer text is never normalized. */
export const maxPasswordUnits = 256 * maxUnitsPerCharacter;

/**
 * Normalizes a username for comparison: "Ａlice" and "alice" are one account. NFKC can make text eighteen times as long,
 * so only the beginning of overlong input is normalized.
 */
export function usernameKey(username: string): string {
  return username.slice(0, maxUsernameUnits).normalize('NFKC').toLowerCase();
}

/**
 * The key under which failed and concurrent sign-ins are counted: the account, whichever of its names was entered, or
 * an unknown name in normalized form.
 */
export function signInKey(userId: string | undefined, name: string): string {
  // The prefixes separate a name that looks like an id from the account with that id.
  return userId === undefined ? `name:${usernameKey(name)}` : `user:${userId}`;
}

export function checkUserDraft(draft: UserDraft): Problem[] {
  const problems: Problem[] = [];
  const { username, email } = draft;
  if (username === '') problems.push({ field: 'username', message: text('problem.username.missing') });
  else if (username.length > usernameMaximum)
    problems.push({ field: 'username', message: text('problem.username.long') });
  else if (!/^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u.test(username))
    problems.push({
      field: 'username',
      message: text('problem.username.characters'),
    });
  // Hangul fillers and similar characters are letters without a visible glyph.
  else if (/\p{Default_Ignorable_Code_Point}/u.test(username + usernameKey(username)))
    problems.push({ field: 'username', message: text('problem.username.characters') });
  if (email !== undefined && !isEmailAddress(email)) problems.push({ field: 'email', message: text('problem.email') });
  // An id is looked up before a name, so a username must not look like an id.
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(username))
    problems.push({ field: 'username', message: text('problem.username.identifier') });
  problems.push(...checkClaims(draft));
  for (const role of draft.roles ?? [])
    if (!roles.some((known) => known === role))
      problems.push({ field: 'roles', message: text('problem.role', { role: JSON.stringify(role.slice(0, 40)) }) });
  return problems;
}

/**
 * Additional rules for a username that users choose themselves: it must not impersonate another user's name or address.
 * Administrators, imports and the command line may set any that {@link checkUserDraft} accepts.
 */
export function checkChosenUsername({ username, email, emailVerified }: UserDraft): Problem[] {
  const key = usernameKey(username);
  const isOwnAddress = emailVerified === true && email !== undefined && emailKey(email) === key;
  if (key.includes('@') && !isOwnAddress) return [{ field: 'username', message: text('problem.username.address') }];
  // UTS 39 5.2. Not applied to the user's own address, whose letters they did not choose.
  if (!isOwnAddress && !isHighlyRestrictive(key))
    return [{ field: 'username', message: text('problem.username.scripts') }];
  return [];
}

/** Checks the claims that users may set themselves. */
export function checkClaims(draft: Pick<UserDraft, AccountField | 'profile'>): Problem[] {
  const problems: Problem[] = [];
  for (const field of accountFields) {
    const { most } = userProperties[field];
    const rule = textProblem(draft[field] ?? '', most);
    if (rule !== undefined) problems.push({ field, message: profileSentence(rule, most) });
  }
  for (const { field, rule, most } of draft.profile ? checkProfile(draft.profile) : [])
    problems.push({ field, message: profileSentence(rule, most) });
  return problems;
}

function profileSentence(rule: ProfileRule, most: number): Message {
  return text(`problem.profile.${rule}`, { most });
}

const passwordMaximum = 256;

/** Checks only the length, in Unicode code points: there are no composition rules (NIST SP 800-63B-4 3.1.1.2). */
export function checkPassword(password: string, minimum: number): Message | undefined {
  if (password.length > maxPasswordUnits) return text('problem.password.long', { maximum: passwordMaximum });
  const length = [...password.normalize('NFC')].length;
  if (length < minimum) return text('problem.password.short', { minimum });
  if (length > passwordMaximum) return text('problem.password.long', { maximum: passwordMaximum });
  return undefined;
}
