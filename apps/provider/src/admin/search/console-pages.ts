import type { TextKey } from '../../i18n/message.js';
import { routes } from '../../web/routes.js';

/** A page or an action of the console that the search finds by its name. */
export interface ConsolePage {
  readonly label: TextKey;
  readonly href: string;
  readonly icon: string;
  /** Developers may open it, too; otherwise administrators and auditors. */
  readonly developers?: boolean;
  /** Something that only an administrator, or a developer where `developers` is set, can do. */
  readonly action?: boolean;
}

export const consolePages: readonly ConsolePage[] = [
  { label: 'nav.overview', href: routes.dashboard, icon: 'layout-dashboard' },
  { label: 'nav.applications', href: routes.clients, icon: 'app-window', developers: true },
  { label: 'nav.apis', href: routes.resources, icon: 'boxes' },
  { label: 'nav.sources', href: routes.issuers, icon: 'waypoints' },
  { label: 'nav.users', href: routes.users, icon: 'users' },
  { label: 'nav.invitations', href: routes.invitations, icon: 'mail-plus' },
  { label: 'nav.audit', href: routes.audit, icon: 'scroll-text' },
  { label: 'nav.failedRequests', href: routes.failedRequests, icon: 'circle-alert' },
  { label: 'nav.sessions', href: routes.sessions, icon: 'monitor-smartphone' },
  { label: 'nav.activeGrants', href: routes.grants, icon: 'badge-check', developers: true },
  { label: 'nav.accessTokens', href: routes.tokens, icon: 'key-round', developers: true },
  { label: 'nav.branding', href: routes.branding, icon: 'palette' },
  { label: 'nav.signIn', href: routes.signInSettings, icon: 'log-in' },
  { label: 'nav.mail', href: routes.messages, icon: 'mail' },
  { label: 'nav.keys', href: routes.keys, icon: 'key' },
  { label: 'search.addApplication', href: `${routes.clients}/add`, icon: 'plus', developers: true, action: true },
  { label: 'search.addApi', href: `${routes.resources}/add`, icon: 'plus', action: true },
  { label: 'search.addUser', href: `${routes.users}/add`, icon: 'plus', action: true },
  { label: 'search.invite', href: routes.invitations, icon: 'mail-plus', action: true },
  { label: 'search.requireSecondStep', href: routes.roles, icon: 'shield-check', action: true },
  { label: 'search.rotateKeys', href: routes.keys, icon: 'rotate-cw', action: true },
];
