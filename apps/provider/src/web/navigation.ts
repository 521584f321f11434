import { text, type Message, type TextKey } from '../i18n/message.js';
import { routes } from './routes.js';

export interface NavigationLink {
  readonly href: string;
  readonly label: Message;
  readonly icon: string;
  readonly current: boolean;
}

/** Pages of one subject; the first group has no label. */
export interface NavigationGroup {
  readonly label: Message | undefined;
  readonly links: readonly NavigationLink[];
}

/** What the frames of the design system show around a page (web/views/frames). */
export interface Navigation {
  /** The sidebar of the console; empty for people without a role. */
  readonly console: readonly NavigationGroup[];
  /** The first page of the console. */
  readonly consoleHref: string | undefined;
  /** Pages of the person's own account. */
  readonly account: readonly NavigationLink[];
}

interface Entry {
  readonly href: string;
  readonly label: TextKey;
  readonly icon: string;
  /** Developers see it; otherwise administrators and auditors only. */
  readonly developers?: boolean;
  /** The first of its pages that developers may open. */
  readonly forDevelopers?: string;
  /** Further pages of the entry: tabs. */
  readonly tabs?: readonly string[];
}

const consoleGroups: readonly { readonly label?: TextKey; readonly entries: readonly Entry[] }[] = [
  { entries: [{ href: routes.dashboard, label: 'nav.overview', icon: 'layout-dashboard' }] },
  {
    label: 'nav.applications',
    entries: [
      { href: routes.clients, label: 'nav.applications', icon: 'app-window', developers: true },
      { href: routes.resources, label: 'nav.apis', icon: 'boxes' },
      { href: routes.issuers, label: 'nav.sources', icon: 'waypoints' },
    ],
  },
  {
    label: 'nav.directory',
    entries: [
      { href: routes.users, label: 'nav.users', icon: 'users' },
      { href: routes.invitations, label: 'nav.invitations', icon: 'mail-plus' },
    ],
  },
  {
    label: 'nav.activity',
    entries: [
      { href: routes.audit, label: 'nav.audit', icon: 'scroll-text' },
      { href: routes.failedRequests, label: 'nav.failedRequests', icon: 'circle-alert' },
      {
        href: routes.sessions,
        label: 'nav.sessions',
        icon: 'monitor-smartphone',
        tabs: [routes.grants, routes.tokens],
        forDevelopers: routes.grants,
      },
    ],
  },
  {
    label: 'nav.settings',
    entries: [
      { href: routes.branding, label: 'nav.branding', icon: 'palette' },
      { href: routes.signInSettings, label: 'nav.signIn', icon: 'log-in', tabs: [routes.roles] },
      { href: routes.messages, label: 'nav.mail', icon: 'mail' },
      { href: routes.keys, label: 'nav.keys', icon: 'key' },
      { href: routes.system, label: 'nav.system', icon: 'server' },
    ],
  },
];

const accountEntries: readonly Entry[] = [
  { href: routes.account, label: 'frame.account', icon: 'user' },
  { href: routes.profile, label: 'nav.profile', icon: 'pencil' },
  { href: routes.factors, label: 'nav.signInMethods', icon: 'fingerprint' },
  { href: routes.security, label: 'nav.recentActivity', icon: 'history' },
];

/** The pages that a person may open, with the one that contains `path` marked as the current one. */
export function navigationOf({ roles }: { readonly roles: readonly string[] }, path: string): Navigation {
  const seesAll = roles.includes('admin') || roles.includes('auditor');
  const isDeveloper = roles.includes('developer');
  const groups = consoleGroups
    .map(({ label, entries }) => ({
      label: label && text(label),
      entries: seesAll ? entries : isDeveloper ? entries.flatMap(entryOfDevelopers) : [],
    }))
    .filter(({ entries }) => entries.length > 0);
  const current = nearest(
    groups.flatMap(({ entries }) => entries),
    path,
  );
  const currentOfAccount = nearest(accountEntries, path);
  return {
    console: groups.map(({ label, entries }) => ({
      label,
      links: entries.map((entry) => linkTo(entry, current)),
    })),
    consoleHref: groups[0]?.entries[0]?.href,
    account: accountEntries.map((entry) => linkTo(entry, currentOfAccount)),
  };
}

function entryOfDevelopers(entry: Entry): readonly Entry[] {
  if (entry.developers === true) return [entry];
  return entry.forDevelopers === undefined ? [] : [{ ...entry, href: entry.forDevelopers }];
}

function linkTo({ href, label, icon }: Entry, current: Entry | undefined): NavigationLink {
  return { href, label: text(label), icon, current: href === current?.href };
}

/** `/user/invite/…` is below both `/user` and `/user/invite`: the longer one is meant. */
function nearest(entries: readonly Entry[], path: string): Entry | undefined {
  const isBelow = (href: string): boolean => path === href || path.startsWith(`${href}/`);
  const above = entries.filter(({ href, tabs = [] }) => [href, ...tabs].some(isBelow));
  return above.reduce<Entry | undefined>(
    (best, entry) => (best && best.href.length >= entry.href.length ? best : entry),
    undefined,
  );
}
