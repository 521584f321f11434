import { text, type TextKey } from '../i18n/message.js';
import { routes } from './routes.js';

/** The lists of what is active: browsers, and what applications may do. Developers see those of their own applications. */
const tabs: readonly { readonly href: string; readonly label: TextKey; readonly developers: boolean }[] = [
  { href: routes.sessions, label: 'activeSessions.browsers', developers: false },
  { href: routes.grants, label: 'nav.activeGrants', developers: true },
  { href: routes.tokens, label: 'nav.accessTokens', developers: true },
];

/** The model of `ui/tabs` on each of these pages. */
export function sessionTabs(current: string, { roles }: { readonly roles: readonly string[] }): readonly object[] {
  const seesAll = roles.includes('admin') || roles.includes('auditor');
  return tabs
    .filter(({ developers }) => seesAll || developers)
    .map(({ href, label }) => ({ href, label: text(label), current: href === current }));
}
