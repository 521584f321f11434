/**
 * One or two characters in place of a trusted logo: the initials of the first two words of the client's name, or its
 * first character when the name has no letter. The style sheet sets the case, which depends on the page's language.
 */
export function monogramOf(name: string): string {
  // Composed first, so that an accent stays with its letter.
  const composed = name.normalize('NFC').trim();
  const initials = composed.split(/\s+/u).flatMap((word) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? []);
  return initials.length > 0 ? initials.slice(0, 2).join('') : ([...composed][0] ?? '');
}
