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
import { text, type Message } from '../i18n/message.js';

/** What an account may do here; an administrator may what all others may. */
export const roles = ['admin', 'auditor', 'developer', 'user'] as const;
export type Role = (typeof roles)[number];

/** A role as administrators read it. */
export const roleWords: Readonly<Record<Role, string>> = {
  admin: 'Administrator: everything',
  auditor: 'Auditor: sees what administrators see, and changes nothing',
  developer: 'Developer: adds and edits the clients that they own',
  user: 'User: logs in, and looks after their own account',
};

/** A person's account, as the other modules see it. Never holds the password's hash. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string | undefined;
  readonly givenName: string | undefined;
  readonly familyName: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  /** Empty while they gave none of it. */
  readonly profile: Profile;
  readonly hasPassword: boolean;
  readonly roles: readonly string[];
  readonly createdAt: EpochSeconds;
  readonly updatedAt: EpochSeconds;
  readonly lastLoginAt: EpochSeconds | undefined;
  readonly disabledAt: EpochSeconds | undefined;
}

/** What a form or a command says of a user. */
export interface UserDraft {
  readonly username: string;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  /** Tidy (`normalizeProfile`); left out: as it was. */
  readonly profile?: Profile | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** What administrators edit of an account: its revision is of this. */
export function editable(user: User): object {
  const { username, name, givenName, familyName, email, emailVerified, profile, roles: given } = user;
  return { username, name, givenName, familyName, email, emailVerified, profile, roles: given };
}

export interface Problem {
  readonly field: string;
  readonly message: Message;
}

const usernameMaximum = 64;
/** A name in code units. */
export const maxNameUnits = userProperties.name.most;
/** A character that normalization composes takes four code units at most when it is written decomposed. */
const maxUnitsPerCharacter = 4;
/** A username in code units, in whichever form it was typed; longer text names no account. */
export const maxUsernameUnits = usernameMaximum * maxUnitsPerCharacter;
/** A password in code units, in whichever form it was typed; longer text is no password, and is never normalized. */
export const maxPasswordUnits = 256 * maxUnitsPerCharacter;

/**
 * The form in which usernames are compared: "Ａlice" and "alice" are one account. Normalization (NFKC) can make text
 * eighteen times as long, so that only the start of what is too long for a username is normalized.
 */
export function usernameKey(username: string): string {
  return username.slice(0, maxUsernameUnits).normalize('NFKC').toLowerCase();
}

/**
 * What failed and pending sign-ins are counted under: the account, whichever of its names was typed, or an unknown name
 * in the form in which it is compared.
 */
export function signInKey(userId: string | undefined, name: string): string {
  // The prefixes keep a name that is typed like an id apart from that account.
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
  // Hangul fillers and the like are letters that nothing is drawn for.
  else if (/\p{Default_Ignorable_Code_Point}/u.test(username + usernameKey(username)))
    problems.push({ field: 'username', message: text('problem.username.characters') });
  if (email !== undefined && !isEmailAddress(email)) problems.push({ field: 'email', message: text('problem.email') });
  // An id is looked up before a name: nobody may be called like somebody else's.
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(username))
    problems.push({ field: 'username', message: text('problem.username.identifier') });
  problems.push(...checkClaims(draft));
  for (const role of draft.roles ?? [])
    if (!roles.some((known) => known === role))
      problems.push({ field: 'roles', message: text('problem.role', { role: JSON.stringify(role.slice(0, 40)) }) });
  return problems;
}

/**
 * What further holds for a username that a person chooses for themselves: it must not pass for somebody else's name or
 * address. Administrators, imports and the command line may set any that {@link checkUserDraft} accepts.
 */
export function checkChosenUsername({ username, email, emailVerified }: UserDraft): Problem[] {
  const key = usernameKey(username);
  const isOwnAddress = emailVerified === true && email !== undefined && emailKey(email) === key;
  if (key.includes('@') && !isOwnAddress) return [{ field: 'username', message: text('problem.username.address') }];
  // UTS 39 5.2. Not of an address that is theirs: its letters are not of their choice.
  if (!isOwnAddress && !isHighlyRestrictive(key))
    return [{ field: 'username', message: text('problem.username.scripts') }];
  return [];
}

/** Checks what a person may say of themselves. */
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

/** Checks length alone: no composition rules (NIST SP 800-63B-4 3.1.1.2). Characters are Unicode code points. */
export function checkPassword(password: string, minimum: number): Message | undefined {
  if (password.length > maxPasswordUnits) return text('problem.password.long', { maximum: passwordMaximum });
  const length = [...password.normalize('NFC')].length;
  if (length < minimum) return text('problem.password.short', { minimum });
  if (length > passwordMaximum) return text('problem.password.long', { maximum: passwordMaximum });
  return undefined;
}
