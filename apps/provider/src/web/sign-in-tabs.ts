import { text } from '../i18n/message.js';
import { routes } from './routes.js';

const tabs = [
  { href: routes.signInSettings, label: 'signInSettings.tab' },
  { href: routes.roles, label: 'users.secondStep.title' },
] as const;

/** The model of `ui/tabs` on the pages of the settings of the sign-in. */
export function signInTabs(current: string): readonly object[] {
  return tabs.map(({ href, label }) => ({ href, label: text(label), current: href === current }));
}
