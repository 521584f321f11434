import type { IncomingMessage } from 'node:http';
import { cookie } from '@gatehouse/platform/http/request';

/** The color scheme that the user chose; without it, pages follow the browser. */
export type Theme = 'light' | 'dark';

/** Written by the script of the theme switch (libs/platform/src/ui/scripts/theme.js). */
const THEME_COOKIE = 'gatehouse_theme';

export function themeOf(request: IncomingMessage | undefined): Theme | undefined {
  const theme = request && cookie(request, THEME_COOKIE);
  return theme === 'light' || theme === 'dark' ? theme : undefined;
}

const RIGHT_TO_LEFT_SCRIPTS = ['Arab', 'Hebr', 'Syrc', 'Thaa', 'Nkoo', 'Adlm', 'Rohg'];

/** The value of the `dir` attribute of a page in a language, given as a BCP 47 tag. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  const { script } = new Intl.Locale(language).maximize();
  return script !== undefined && RIGHT_TO_LEFT_SCRIPTS.includes(script) ? 'rtl' : 'ltr';
}
