/**
 * Detects what makes a password easy to guess in any language, without a dictionary: repetition, and sequences of the
 * alphabet, of digits and of keyboard keys. All input is lower case and in NFKC.
 */

/** Common sequences of characters, each in both directions. */
const sequences = [
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
  // Keyboard columns one after another, and two rows interleaved.
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
].flatMap((sequence) => [sequence, [...sequence].reverse().join('')]);

/** Shorter runs occur in ordinary words. */
const shortestRun = 3;

/** Removes separators: spaces and punctuation. */
export function withoutSeparators(plain: string): string {
  return plain.replace(/[\p{P}\p{Z}]/gu, '');
}

/**
 * The shortest text whose repetition is the given text; the last repetition may be truncated. The text itself if it
 * does not repeat.
 */
export function repeatedUnit(text: string): string {
  for (let length = 1; length <= text.length / 2; length++)
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  return text;
}

/** The number of characters, where each run, of one character or along a sequence, counts as one. */
export function charactersWithoutRuns(text: string): number {
  const characters = [...text];
  let count = 0;
  for (let start = 0; start < characters.length; start += Math.max(1, runAt(characters, start))) count += 1;
  return count;
}

/** The length of the run that starts here; 0 if there is none. */
function runAt(characters: readonly string[], start: number): number {
  let same = 1;
  while (characters[start + same] === characters[start]) same += 1;
  let longest = same >= shortestRun ? same : 0;
  for (const sequence of sequences) {
    let run = characters.slice(start, start + shortestRun).join('');
    if (start + shortestRun > characters.length || !sequence.includes(run)) continue;
    let length = shortestRun;
    for (let next = characters[start + length]; next !== undefined; next = characters[start + length]) {
      run += next;
      if (!sequence.includes(run)) break;
      length += 1;
    }
    longest = Math.max(longest, length);
  }
  return longest;
}
