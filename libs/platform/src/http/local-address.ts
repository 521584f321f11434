const maxCharacters = 2000;

/** A base that no real address has: what does not stay below it is not ours. */
const base = 'http://local.invalid';

/**
 * An address of our own (path, query, fragment) in the one form that a browser reads as a path of this origin; undefined
 * for anything else. Another origin, `//host`, a backslash or control characters lead elsewhere: that would be an open
 * redirector.
 * @see RFC 9700 4.11
 */
export function localAddress(text: string | undefined): string | undefined {
  if (text === undefined || text.length > maxCharacters) return undefined;
  // A browser drops tabs and newlines, and reads a backslash as a slash: `/\t/evil.example` leads away.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e\u00a0-\uffff]*$/u.test(text)) return undefined;
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  // Dot segments are gone only now: `/.//evil.example` has the path `//evil.example`.
  if (url.origin !== base || url.pathname.startsWith('//')) return undefined;
  return `${url.pathname}${url.search}${url.hash}`;
}
