import { routes } from './routes.js';

const mostCharacters = 2000;

/** A base that no real address has: what does not stay below it is not ours. */
const base = 'http://local.invalid';

/** Pages that begin or end a login: coming back to them would begin it again. */
const neverAfterLogin: readonly string[] = [routes.login, routes.callback, routes.logout];

/**
 * The local address to show after a login, in the one form that a browser reads as a path of this origin.
 * Anything else (another origin, `//host`, a backslash, control characters) becomes the home page: an address that
 * leads elsewhere would be an open redirector.
 * @see RFC 9700 4.11
 */
export function localAddress(text: string | undefined): string {
  if (text === undefined || text.length > mostCharacters) return routes.home;
  // A browser drops tabs and newlines, and reads a backslash as a slash: `/\t/evil.example` leads away.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e\u00a0-\uffff]*$/u.test(text)) return routes.home;
  if (!URL.canParse(text, base)) return routes.home;
  const url = new URL(text, base);
  // Dot segments are gone only now: `/.//evil.example` has the path `//evil.example`.
  if (url.origin !== base || url.pathname.startsWith('//')) return routes.home;
  if (neverAfterLogin.some((path) => url.pathname === path || url.pathname.startsWith(`${path}/`))) return routes.home;
  return `${url.pathname}${url.search}${url.hash}`;
}
