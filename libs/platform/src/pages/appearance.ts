import type { IncomingMessage } from 'node:http';
import { localAddress } from '../http/local-address.js';
import { Reply } from '../http/reply.js';
import { cookie, query, type WebRequest } from '../http/request.js';

/** The color scheme that the user chose; without it, pages follow the browser. */
export type Theme = 'light' | 'dark';

/** The script of the theme switch writes it, too (libs/platform/src/ui/scripts/theme.js). */
const THEME_COOKIE = 'gatehouse_theme';

const lifetimeSeconds = 365 * 24 * 3600;

/** What a user can choose: `auto` follows the browser again. */
export const themeChoices = ['light', 'dark', 'auto'] as const;

export function themeOf(request: IncomingMessage | undefined): Theme | undefined {
  const theme = request && cookie(request, THEME_COOKIE);
  return theme === 'light' || theme === 'dark' ? theme : undefined;
}

/**
 * Answers a link of the theme switch, `?to=dark&next=/providers`: stores the color scheme and returns to the page.
 * @param options.origin this server's origin
 * @param options.home the page for an invalid `next`
 */
export function chooseTheme(
  request: WebRequest,
  { origin, home }: { readonly origin: string; readonly home: string },
): Reply {
  const parameters = query(request);
  const choice = themeChoices.find((each) => each === parameters.get('to'));
  const next = localAddress(parameters.get('next')) ?? home;
  if (choice === undefined) return Reply.redirect(next);
  const common = { name: THEME_COOKIE, secure: origin.startsWith('https:'), readableBy: 'scripts' as const };
  const set =
    choice === 'auto'
      ? { ...common, value: '', maxAgeSeconds: 0 }
      : { ...common, value: choice, maxAgeSeconds: lifetimeSeconds };
  return Reply.redirect(next, { cookies: [set] });
}

const RIGHT_TO_LEFT_SCRIPTS = ['Arab', 'Hebr', 'Syrc', 'Thaa', 'Nkoo', 'Adlm', 'Rohg'];

/** The value of the `dir` attribute of a page in a language, given as a BCP 47 tag. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  const { script } = new Intl.Locale(language).maximize();
  return script !== undefined && RIGHT_TO_LEFT_SCRIPTS.includes(script) ? 'rtl' : 'ltr';
}
