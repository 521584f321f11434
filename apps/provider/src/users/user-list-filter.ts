import type { Form } from '@gatehouse/platform/http/form';
import { text, type Message } from '../i18n/message.js';
import { routes } from '../web/routes.js';
import { roles, roleTexts, userStatuses, type Role, type UserStatus } from './user.js';
import { userOrders, type UserOrder } from './user-lists.service.js';

/** What the list of users shows, as its address says. */
export interface UserListFilter {
  readonly search: string;
  readonly role: Role | undefined;
  readonly status: UserStatus | undefined;
  readonly order: UserOrder;
}

const maxSearchCharacters = 200;

export const statusTexts: Readonly<Record<UserStatus, Message>> = {
  active: text('users.status.active'),
  invited: text('users.status.invited'),
  disabled: text('users.status.disabled'),
};

const orderTexts: Readonly<Record<UserOrder, Message>> = {
  username: text('users.order.username'),
  newest: text('users.order.newest'),
  latest_login: text('users.order.latestSignIn'),
};

export function readFilter(parameters: Form): UserListFilter {
  const search = parameters.text('q').trim().slice(0, maxSearchCharacters);
  // Search results have a fixed order.
  const order = search === '' ? parameters.get('order') : undefined;
  return {
    search,
    role: roles.find((each) => each === parameters.get('role')),
    status: userStatuses.find((each) => each === parameters.get('status')),
    order: userOrders.find((each) => each === order) ?? 'username',
  };
}

/** The parameters that differ from the whole list. */
export function filterParameters({ search, role, status, order }: UserListFilter): Readonly<Record<string, string>> {
  return {
    ...(search === '' ? {} : { q: search }),
    ...(role ? { role } : {}),
    ...(status ? { status } : {}),
    ...(order === 'username' ? {} : { order }),
  };
}

/** The address of the list with this filter; `more` are further parameters. */
export function listAddress(filter: UserListFilter, more: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams({ ...filterParameters(filter), ...more }).toString();
  return parameters === '' ? routes.users : `${routes.users}?${parameters}`;
}

/** The part of the model with the search above the list (ui/toolbar). */
export function toolbarModel(filter: UserListFilter): object {
  const { search, role, status, order } = filter;
  const active = [
    ...(search === ''
      ? []
      : [{ label: text('users.filter.search', { search }), href: listAddress({ ...filter, search: '' }) }]),
    ...(role ? [{ label: roleTexts[role].label, href: listAddress({ ...filter, role: undefined }) }] : []),
    ...(status ? [{ label: statusTexts[status], href: listAddress({ ...filter, status: undefined }) }] : []),
  ];
  return {
    search,
    filters: [
      {
        name: 'role',
        label: text('users.column.role'),
        value: role ?? '',
        options: [
          { value: '', label: text('users.filter.anyRole') },
          ...roles.map((each) => ({ value: each, label: roleTexts[each].label })),
        ],
      },
      {
        name: 'status',
        label: text('users.column.status'),
        value: status ?? '',
        options: [
          { value: '', label: text('users.filter.anyStatus') },
          ...userStatuses.map((each) => ({ value: each, label: statusTexts[each] })),
        ],
      },
      {
        name: 'order',
        label: text('users.filter.order'),
        value: order,
        options: userOrders.map((each) => ({ value: each, label: orderTexts[each] })),
      },
    ],
    active,
    isFiltered: active.length > 0,
    clear: active.length > 1 ? routes.users : undefined,
  };
}
