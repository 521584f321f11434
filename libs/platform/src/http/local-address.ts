const maxCharacters = 2000;

/** A base that no real URL has: a URL that leaves it is not local. */
const base = 'http://local.invalid';

/**
 * Normalizes a local URL (path, query, fragment) to the form that a browser reads as a path of this origin. Returns undefined
 * for anything else: another origin, `//host`, a backslash or control characters would make an open redirector.
 * @see RFC 9700 4.11
 */
export function localAddress(text: string | undefined): string | undefined {
  if (text === undefined || text.length > maxCharacters) return undefined;
  // Browsers drop tabs and newlines and read a backslash as a slash: `/\t/evil.example` is another origin.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e\u00a0-\uffff]*$/u.test(text)) return undefined;
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  // Dot segments are resolved only now: `/.//evil.example` has the path `//evil.example`.
  if (url.origin !== base || url.pathname.startsWith('//')) return undefined;
  return `${url.pathname}${url.search}${url.hash}`;
}
