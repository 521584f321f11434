import { Inject, Injectable } from '@nestjs/common';
import { maxEmailUnits } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { recordChanged } from '../../operations/operation-error.js';
import { text, type Message } from '../../i18n/message.js';
import { charactersWithoutRuns, repeatedUnit, withoutSeparators } from './password-patterns.js';
import { PasswordStrength } from './password-strength.js';
import type { QueueSource } from '../throttling/fair-queue.js';
import { SecondFactorLookup } from '../second-factor-lookup.js';
import { checkPassword, maxNameUnits, maxUsernameUnits } from '../user.js';

/** Whose password it will be. */
export interface PasswordOwner {
  readonly username: string;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

/** Whether a password is the only factor of its account or one beside others (NIST SP 800-63B-4 3.1.1.2). */
export type PasswordUse = 'only factor' | 'beside a second factor';

/** Beside a second factor (NIST SP 800-63B-4 3.1.1.2). */
const factoredMinimum = 8;
/**
 * Guesses that an attacker needs at least. As the only factor: what hashing makes expensive even for somebody who has the
 * database. Beside another: what the limit of failed sign-ins keeps out of reach.
 */
const minGuesses: Readonly<Record<PasswordUse, number>> = { 'only factor': 1e8, 'beside a second factor': 1e6 };
/** What a password is judged by. */
export interface PasswordPurpose {
  readonly use: PasswordUse;
  readonly owner: PasswordOwner;
  /** Whose share of the estimates it takes (`password-source.ts`). Left out: an operator. */
  readonly source?: QueueSource;
}

/** Below this a password is one of the common ones, or is made of one in a usual way. */
const guessesOfCommon = 1e5;

/** Shorter words say too little of anybody. */
const minWord = 3;
/** So much must be left of a password without the words that everybody knows of its owner, and without runs. */
const minRest = 6;
/** Of the list; what is shorter no rule here accepts. */
const minCommon = 8;

/**
 * What a new password must be, at every place that one is set: long enough, hard to guess, and not made of what everybody
 * knows of its owner and this site. No rules of composition.
 * @see NIST SP 800-63B-4 3.1.1.2
 */
@Injectable()
export class PasswordRules {
  private readonly site: readonly string[];
  private common: Promise<ReadonlySet<string>> | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PasswordStrength) private readonly strength: PasswordStrength,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {
    const labels = new URL(settings.issuer).hostname.split('.');
    // The last one (org, com) is a word like any other.
    const host = labels.length > 1 ? labels.slice(0, -1) : labels;
    this.site = ['gatehouse', ...wordsOf(settings.productName), ...host];
  }

  /** What an account's password is used for. */
  async useOf(userId: string): Promise<PasswordUse> {
    return (await this.factors.hasAny(userId)) ? 'beside a second factor' : 'only factor';
  }

  /**
   * That a password which was judged beside a second factor still has one, where it is stored.
   * @throws OperationError changed: the factor was removed meanwhile, and the password may be too short without it
   */
  async requireFactorFor(unit: Unit, userId: string, use: PasswordUse): Promise<void> {
    if (use === 'beside a second factor' && !(await this.factors.hasAnyIn(unit, userId))) throw recordChanged();
  }

  /** Characters that a password must have. */
  minimum(use: PasswordUse): number {
    return use === 'only factor' ? this.settings.passwordMinimum : factoredMinimum;
  }

  /**
   * @returns what is wrong, for people; undefined when nothing is
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

  /** What is wrong without an estimate, which takes time. */
  simpleProblem(password: string, { use, owner }: PasswordPurpose): Message | undefined {
    const minimum = this.minimum(use);
    const length = checkPassword(password, minimum);
    if (length !== undefined) return length;
    const plain = plainOf(password);
    if (isPattern(plain, minimum)) return text('problem.password.common');
    return restOf(plain, this.personalWordsOf(owner)).length < minRest ? text('problem.password.owner') : undefined;
  }

  private personalWordsOf(owner: PasswordOwner): string[] {
    return [...this.site, ...wordsOfOwner(owner)].filter((word) => word.length >= minWord);
  }

  /** What decides beside the other rules when nobody can estimate: the list, of the password and of what it repeats. */
  private async isCommon(plain: string): Promise<boolean> {
    const list = await this.commonPasswords();
    const bare = withoutSeparators(plain);
    return [plain, bare, repeatedUnit(bare)].some((each) => list.has(each));
  }

  /** Some megabytes that most processes never need. */
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

/** What is estimated of a password: of a repetition, however it is separated, one time. */
function estimable(password: string): string {
  const typed = password.normalize('NFKC');
  const bare = withoutSeparators(typed);
  const unit = repeatedUnit(bare);
  return unit === bare ? typed : unit;
}

/** A repetition of something that is itself too short, or little else than runs along the alphabet and the keyboard. */
function isPattern(plain: string, minimum: number): boolean {
  const bare = withoutSeparators(plain);
  const unit = repeatedUnit(bare);
  const isRepetition = unit !== bare && [...unit].length < minimum;
  return isRepetition || new Set(plain).size < 4 || charactersWithoutRuns(unit) < minRest;
}

/** A text, and the words in it. */
function wordsOf(typed: string): string[] {
  const plain = plainOf(typed);
  return [plain, ...plain.split(/[^\p{L}\p{N}]+/u)];
}

/** What is longer than a username, a name or an address is refused as such: its start is enough here. */
function wordsOfOwner({ username, name = '', email = '' }: PasswordOwner): string[] {
  return [
    username.slice(0, maxUsernameUnits),
    name.slice(0, maxNameUnits),
    ...email.slice(0, maxEmailUnits).split('@'),
  ].flatMap(wordsOf);
}

/** What is left without these words, the longest first, and without what only stands between them. */
function restOf(password: string, words: readonly string[]): string {
  return withoutSeparators(
    [...words].sort((a, b) => b.length - a.length).reduce((rest, word) => rest.replaceAll(word, ''), password),
  );
}
