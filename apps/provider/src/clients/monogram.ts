/**
 * One or two characters that stand for a client without a trusted logo: the first letters of the first two words of its
 * name, or its first character where the name has no letter. The case is left to the style sheet, which knows the
 * language of the page.
 */
export function monogramOf(name: string): string {
  // Composed first, so that an accent stays with its letter.
  const composed = name.normalize('NFC').trim();
  const initials = composed.split(/\s+/u).flatMap((word) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? []);
  return initials.length > 0 ? initials.slice(0, 2).join('') : ([...composed][0] ?? '');
}
