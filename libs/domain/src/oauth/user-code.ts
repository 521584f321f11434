/** RFC 8628 6.1: twenty consonants, so that no code spells a word or looks like another. */
export const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ';
const length = 8;
const wellFormed = new RegExp(`^[${userCodeLetters}]{${length}}$`);
const maxCharacters = 40;

/**
 * Makes a user code of 34 random bits, as it is shown: `BCDF-GHJK`.
 * @param randomByte 0..255, evenly
 * @see RFC 8628 6.1
 */
export function makeUserCode(randomByte: () => number): string {
  // Bytes past the last whole round of letters are drawn again: every letter is as likely as any other.
  const fair = 256 - (256 % userCodeLetters.length);
  let letters = '';
  while (letters.length < length) {
    const byte = randomByte();
    if (byte < fair) letters += userCodeLetters.charAt(byte % userCodeLetters.length);
  }
  return formatUserCode(letters);
}

/**
 * The code that a person typed, whatever case, dashes and spaces they used.
 * @returns as it is shown, or undefined for what is no user code
 * @see RFC 8628 6.1
 */
export function parseUserCode(typed: string): string | undefined {
  if (typed.length > maxCharacters) return undefined;
  const letters = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return wellFormed.test(letters) ? formatUserCode(letters) : undefined;
}

function formatUserCode(letters: string): string {
  return `${letters.slice(0, length / 2)}-${letters.slice(length / 2)}`;
}
