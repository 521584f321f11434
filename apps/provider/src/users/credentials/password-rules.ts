import { Inject, Injectable } from '@nestjs/common';
import { maxEmailUnits } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { CurrentSettings } from '../../settings/current-settings.js';
import { recordChanged } from '../../operations/operation-error.js';
import { text, type Message } from '../../i18n/message.js';
import { charactersWithoutRuns, repeatedUnit, withoutSeparators } from './password-patterns.js';
import { PasswordStrength } from './password-strength.js';
import type { QueueSource } from '../throttling/fair-queue.js';
import { SecondFactorLookup } from '../second-factor-lookup.js';
import { checkPassword, maxNameUnits, maxUsernameUnits } from '../user.js';

/** The account that the password belongs to. */
export interface PasswordOwner {
  readonly username: string;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

/** Whether a password is the only factor of its account, or used beside others (NIST SP 800-63B-4 3.1.1.2). */
export type PasswordUse = 'only factor' | 'beside a second factor';

/** Beside a second factor (NIST SP 800-63B-4 3.1.1.2). */
const factoredMinimum = 8;
/**
 * The minimum number of guesses. As the only factor: enough that hashing makes an offline attack expensive. Beside a
 * second factor: out of reach of online guessing, because failed sign-ins are limited.
 */
const minGuesses: Readonly<Record<PasswordUse, number>> = { 'only factor': 1e8, 'beside a second factor': 1e6 };
/** What the rules need to check a password. */
export interface PasswordPurpose {
  readonly use: PasswordUse;
  readonly owner: PasswordOwner;
  /** The source whose share of the estimates is used (`password-source.ts`). Omitted for an operator. */
  readonly source?: QueueSource;
}

/** Below this a password is a common one, or a simple variation of one. */
const guessesOfCommon = 1e5;

/** Shorter words are not specific to a person. */
const minWord = 3;
/** The minimum length of what remains of a password without personal words and runs. */
const minRest = 6;
/** The minimum length of entries of the common list: shorter passwords are rejected by their length. */
const minCommon = 8;

/**
 * The rules for a new password, wherever one is set: long enough, hard to guess, and not made of public information
 * about its owner or this site. There are no composition rules.
 * @see NIST SP 800-63B-4 3.1.1.2
 */
@Injectable()
export class PasswordRules {
  private readonly host: readonly string[];
  private common: Promise<ReadonlySet<string>> | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
    @Inject(PasswordStrength) private readonly strength: PasswordStrength,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {
    const labels = new URL(settings.issuer).hostname.split('.');
    // The top-level domain (org, com) is an ordinary word.
    this.host = labels.length > 1 ? labels.slice(0, -1) : labels;
  }

  /** How an account's password is used. */
  async useOf(userId: string): Promise<PasswordUse> {
    return (await this.factors.hasAny(userId)) ? 'beside a second factor' : 'only factor';
  }

  /**
   * Checks, where a password is stored, that the second factor beside which it was accepted still exists.
   * @throws OperationError changed if the factor was removed since: the password may be too short without it
   */
  async requireFactorFor(unit: Unit, userId: string, use: PasswordUse): Promise<void> {
    if (use === 'beside a second factor' && !(await this.factors.hasAnyIn(unit, userId))) throw recordChanged();
  }

  /** The minimum number of characters. */
  minimum(use: PasswordUse): number {
    return use === 'only factor' ? this.settings.passwordMinimum : factoredMinimum;
  }

  /**
   * @returns a message for the user; undefined if the password is acceptable
   * @throws PageError, ServerBusy as {@link PasswordStrength.guesses} does
   */
  async problem(password: string, purpose: PasswordPurpose): Promise<Message | undefined> {
    const { use, owner, source } = purpose;
    const simple = this.simpleProblem(password, purpose);
    if (simple !== undefined) return simple;
    const guesses = await this.strength.guesses(estimable(password), this.personalWordsOf(owner), source);
    if (guesses === undefined)
      return (await this.isCommon(plainOf(password))) ? text('problem.password.common') : undefined;
    if (guesses < guessesOfCommon) return text('problem.password.common');
    return guesses < minGuesses[use] ? text('problem.password.weak') : undefined;
  }

  /** Checks the rules that need no estimate, which takes time. */
  simpleProblem(password: string, { use, owner }: PasswordPurpose): Message | undefined {
    const minimum = this.minimum(use);
    const lengthProblem = checkPassword(password, minimum);
    if (lengthProblem !== undefined) return lengthProblem;
    const plain = plainOf(password);
    if (isPattern(plain, minimum)) return text('problem.password.common');
    return restOf(plain, this.personalWordsOf(owner)).length < minRest ? text('problem.password.owner') : undefined;
  }

  private personalWordsOf(owner: PasswordOwner): string[] {
    const site = ['gatehouse', ...wordsOf(this.current.current().productName), ...this.host];
    return [...site, ...wordsOfOwner(owner)].filter((word) => word.length >= minWord);
  }

  /**
   * The fallback when no estimate is available: looks up the password, and the unit that it repeats, in the list of
   * common passwords.
   */
  private async isCommon(plain: string): Promise<boolean> {
    const list = await this.commonPasswords();
    const bare = withoutSeparators(plain);
    return [plain, bare, repeatedUnit(bare)].some((each) => list.has(each));
  }

  /** Loaded on first use: several megabytes that most processes never need. */
  private commonPasswords(): Promise<ReadonlySet<string>> {
    this.common ??= import('@zxcvbn-ts/language-common').then(
      ({ dictionary }) => new Set(dictionary['passwords-common'].filter((each) => each.length >= minCommon)),
    );
    return this.common;
  }
}

function plainOf(typed: string): string {
  return typed.normalize('NFKC').toLowerCase();
}

/** The part of a password that is estimated: of a repetition, with or without separators, only one unit. */
function estimable(password: string): string {
  const typed = password.normalize('NFKC');
  const bare = withoutSeparators(typed);
  const unit = repeatedUnit(bare);
  return unit === bare ? typed : unit;
}

/** A repetition of a unit that is too short, or little more than runs along the alphabet or the keyboard. */
function isPattern(plain: string, minimum: number): boolean {
  const bare = withoutSeparators(plain);
  const unit = repeatedUnit(bare);
  const isRepetition = unit !== bare && [...unit].length < minimum;
  return isRepetition || new Set(plain).size < 4 || charactersWithoutRuns(unit) < minRest;
}

/** The text and the words in it. */
function wordsOf(typed: string): string[] {
  const plain = plainOf(typed);
  return [plain, ...plain.split(/[^\p{L}\p{N}]+/u)];
}

/** Truncates each value to its maximum length: longer values are rejected elsewhere. */
function wordsOfOwner({ username, name = '', email = '' }: PasswordOwner): string[] {
  return [
    username.slice(0, maxUsernameUnits),
    name.slice(0, maxNameUnits),
    ...email.slice(0, maxEmailUnits).split('@'),
  ].flatMap(wordsOf);
}

/** Removes these words, the longest first, and separators. */
function restOf(password: string, words: readonly string[]): string {
  return withoutSeparators(
    [...words].sort((a, b) => b.length - a.length).reduce((rest, word) => rest.replaceAll(word, ''), password),
  );
}
