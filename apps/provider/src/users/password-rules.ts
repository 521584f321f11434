import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { text, type Sentence } from '../texts/text.js';
import { checkPassword, mostEmailUnits, mostUsernameUnits } from './user.js';

/** Whose password it will be. */
export interface PasswordOwner {
  readonly username: string;
  readonly email?: string | undefined;
}

/** Shorter words say too little of anybody. */
const leastWord = 3;
/** So much must be left of a password without the words that everybody knows of its owner. */
const leastRest = 6;
/** Of the list; what is shorter no rule here accepts. */
const leastCommon = 8;

/**
 * What a new password must be: long enough, none of the most used ones, and not made of what everybody knows of its
 * owner and this site. No rules of composition.
 * @see NIST SP 800-63B-4 3.1.1.2
 */
@Injectable()
export class PasswordRules {
  private readonly site: readonly string[];
  private common: Promise<ReadonlySet<string>> | undefined;

  constructor(@Inject(SETTINGS) { issuer }: Settings) {
    const labels = new URL(issuer).hostname.split('.');
    // The last one (org, com) is a word like any other.
    this.site = ['gatehouse', ...(labels.length > 1 ? labels.slice(0, -1) : labels)];
  }

  /** @returns what is wrong, for people; undefined when nothing is */
  async problem(password: string, minimum: number, owner: PasswordOwner): Promise<Sentence | undefined> {
    const length = checkPassword(password, minimum);
    if (length !== undefined) return length;
    const plain = password.normalize('NFKC').toLowerCase();
    if (new Set(plain).size < 4 || (await this.commonOnes()).has(plain)) return text('problem.password.common');
    if (restOf(plain, [...this.site, ...wordsOf(owner)]).length < leastRest) return text('problem.password.owner');
    return undefined;
  }

  /** Loaded with the first password that somebody chooses: some megabytes that most processes never need. */
  private commonOnes(): Promise<ReadonlySet<string>> {
    this.common ??= import('@zxcvbn-ts/language-common').then(
      ({ dictionary }) => new Set(dictionary['passwords-common'].filter((each) => each.length >= leastCommon)),
    );
    return this.common;
  }
}

function wordsOf({ username, email = '' }: PasswordOwner): string[] {
  // What is longer is no username and no address, and is refused as such.
  return [username.slice(0, mostUsernameUnits), ...email.slice(0, mostEmailUnits).split('@')].flatMap((text) => {
    const plain = text.normalize('NFKC').toLowerCase();
    return [plain, ...plain.split(/[^\p{L}\p{N}]+/u)];
  });
}

/** What is left without these words, the longest first, and without what only stands between them. */
function restOf(password: string, words: readonly string[]): string {
  return [...words]
    .filter((word) => word.length >= leastWord)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, word) => rest.replaceAll(word, ''), password)
    .replace(/[\p{P}\p{Z}]/gu, '');
}
