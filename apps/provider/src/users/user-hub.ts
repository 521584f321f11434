import { text, type Message } from '../i18n/message.js';
import { routes } from '../web/routes.js';
import { statusOf, type User, type UserStatus } from './user.js';
import { statusTexts } from './user-list-filter.js';

const tabs = [
  { tab: 'profile', path: `${routes.users}/update`, label: text('users.tab.profile') },
  { tab: 'methods', path: routes.userFactors, label: text('users.tab.methods') },
  { tab: 'sessions', path: routes.userSessions, label: text('users.tab.sessions') },
  { tab: 'apps', path: routes.userApplications, label: text('users.tab.apps') },
  { tab: 'activity', path: routes.userActivity, label: text('users.tab.activity') },
] as const;

/** The pages about one user. */
export type UserTab = (typeof tabs)[number]['tab'];

const badgeKinds: Readonly<Record<UserStatus, string | undefined>> = {
  active: 'good',
  invited: 'info',
  disabled: undefined,
};

export interface StatusBadge {
  readonly label: Message;
  readonly kind: string | undefined;
}

export function displayName({ name, username }: Pick<User, 'name' | 'username'>): string {
  return name ?? username;
}

/** The line below the name: what else the user is known by. */
export function nameLine({ name, username, email }: Pick<User, 'name' | 'username' | 'email'>): Message | undefined {
  if (name === undefined) return email;
  return email === undefined ? username : text('users.nameLine', { username, email });
}

export function statusBadge(user: User): StatusBadge {
  const status = statusOf(user);
  return { label: statusTexts[status], kind: badgeKinds[status] };
}

/** The part of the model that `users/parts/hub` shows around a page about one user. */
export function hubModel(user: User, current: UserTab): object {
  const title = displayName(user);
  const profile = `${routes.users}/update/${user.id}`;
  const directory = { label: text('users.title'), href: routes.users };
  const isProfile = current === 'profile';
  return {
    hub: {
      id: user.id,
      name: title,
      sub: nameLine(user),
      isDisabled: user.disabledAt !== undefined,
      badge: statusBadge(user),
      title: isProfile ? title : tabs.find(({ tab }) => tab === current)?.label,
      crumbs: isProfile ? [directory] : [directory, { label: title, href: profile }],
      methodsHref: `${routes.userFactors}/${user.id}#f-username`,
      tabs: tabs.map(({ tab, path, label }) => ({ label, href: `${path}/${user.id}`, current: tab === current })),
    },
  };
}
