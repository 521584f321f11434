/** RFC 8628 6.1: twenty consonants, so that codes contain no words or ambiguous letters. */
export const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ';
const length = 8;
const wellFormed = new RegExp(`^[${userCodeLetters}]{${length}}$`);
const maxCharacters = 40;

/**
 * Generates a user code of 34 random bits in display format: `BCDF-GHJK`.
 * @param randomByte uniform, 0..255
 * @see RFC 8628 6.1
 */
export function makeUserCode(randomByte: () => number): string {
  // Bytes beyond the last multiple of the number of letters are drawn again, to avoid modulo bias.
  const fair = 256 - (256 % userCodeLetters.length);
  let letters = '';
  while (letters.length < length) {
    const byte = randomByte();
    if (byte < fair) letters += userCodeLetters.charAt(byte % userCodeLetters.length);
  }
  return formatUserCode(letters);
}

/**
 * Parses a typed user code, ignoring case, dashes and spaces.
 * @returns in display format; undefined if it is not a user code
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
