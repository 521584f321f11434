/**
 * What makes a password easy to guess whatever language it is in, without a dictionary: repetition, and sequences of the
 * alphabet, of digits and of keyboards. All of it is of text in NFKC and in small letters.
 */

/** Orders in which people type or recite characters, in either direction. */
const lines = [
  'abcdefghijklmnopqrstuvwxyzabc',
  '0123456789012345678901234567890',
  'qwertyuiop',
  'qwertzuiopü',
  'azertyuiop',
  'asdfghjkl',
  'asdfghjklöä',
  'qsdfghjklm',
  'zxcvbnm',
  'yxcvbnm',
  'wxcvbn',
  // Columns, as they are typed one after another, and two rows in turn.
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
].flatMap((line) => [line, [...line].reverse().join('')]);

/** Shorter runs are parts of words too. */
const shortestRun = 3;

/** The text without what only stands between words: space and punctuation. */
export function withoutSeparators(plain: string): string {
  return plain.replace(/[\p{P}\p{Z}]/gu, '');
}

/** The shortest text of which this one is a repetition, the last one possibly cut short: the text itself if it is none. */
export function repeatedUnit(text: string): string {
  for (let length = 1; length <= text.length / 2; length++)
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  return text;
}

/** The number of characters in a text where each run, of one character or along a line, counts as one character. */
export function charactersWithoutRuns(text: string): number {
  const characters = [...text];
  let count = 0;
  for (let start = 0; start < characters.length; start += Math.max(1, runAt(characters, start))) count += 1;
  return count;
}

/** The length of the run that begins here; 0 for none. */
function runAt(characters: readonly string[], start: number): number {
  let same = 1;
  while (characters[start + same] === characters[start]) same += 1;
  let longest = same >= shortestRun ? same : 0;
  for (const line of lines) {
    let run = characters.slice(start, start + shortestRun).join('');
    if (start + shortestRun > characters.length || !line.includes(run)) continue;
    let length = shortestRun;
    for (let next = characters[start + length]; next !== undefined; next = characters[start + length]) {
      run += next;
      if (!line.includes(run)) break;
      length += 1;
    }
    longest = Math.max(longest, length);
  }
  return longest;
}
