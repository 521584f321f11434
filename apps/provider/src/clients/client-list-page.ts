import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { text, type Message, type Text } from '../i18n/message.js';
import { routes } from '../web/routes.js';
import { kindLabels, kindOf } from './client-kinds.js';
import { clientFilterParameters, clientListAddress, type ClientFilter } from './client-list-filter.js';
import { clientSortOrders, clientStates, type ClientSortOrder, type ClientState } from './client-sort-orders.js';

const stateLabels: Readonly<Record<ClientState, Text>> = {
  new: text('clients.state.new'),
  approved: text('clients.state.approved'),
  restricted: text('clients.state.restricted'),
  disabled: text('clients.state.disabled'),
};

const bulkActions = [
  { label: text('clients.action.approveSelected'), name: 'action', value: 'approve' },
  { label: text('clients.action.restrictSelected'), name: 'action', value: 'restrict' },
  { label: text('clients.action.enableSelected'), name: 'action', value: 'enable' },
  { label: text('clients.action.disableSelected'), name: 'action', value: 'disable', kind: 'danger' },
] as const;

interface ListPage {
  readonly isFirst: boolean;
  /** The cursor of the next page. */
  readonly next: string | undefined;
}

/** The model of the list around its rows: filters, bulk actions and links to other pages of it. */
export function clientListModel(
  filter: ClientFilter,
  { isFirst, next }: ListPage,
  revisions: readonly { readonly id: string; readonly revision: string }[] | undefined,
): object {
  const { search, state, order } = filter;
  return {
    search,
    state,
    filters: [
      {
        name: 'state',
        label: text('clients.list.state'),
        value: state ?? '',
        options: [
          { value: '', label: text('clients.list.anyState') },
          ...clientStates.map((each) => ({ value: each, label: stateLabels[each] })),
        ],
      },
      {
        name: 'order',
        label: text('clients.list.order'),
        value: order,
        options: clientSortOrders.map((each) => ({ value: each, label: orderLabels[each] })),
      },
    ],
    isFiltered: search !== '' || state !== undefined,
    clear: search !== '' || state !== undefined ? routes.clients : undefined,
    isFirst,
    // Approved as they were shown: a client that changed meanwhile is not.
    bulk: revisions && {
      action: routes.clients,
      actions: bulkActions,
      fields: [
        ...Object.entries(clientFilterParameters(filter)).map(([name, value]) => ({ name, value })),
        ...revisions.map(({ id, revision }) => ({ name: `revision:${id}`, value: revision })),
      ],
    },
    pager:
      isFirst && next === undefined
        ? undefined
        : {
            first: isFirst ? undefined : clientListAddress(filter),
            next: next === undefined ? undefined : clientListAddress(filter, { after: next }),
          },
  };
}

const orderLabels: Readonly<Record<ClientSortOrder, Text>> = {
  name: text('clients.order.name'),
  newest: text('clients.order.newest'),
};

interface Row {
  readonly owner?: string | undefined;
  readonly logo?: string | undefined;
  readonly lastUsedAt?: EpochSeconds | undefined;
}

/** A row of the list of applications. */
export function clientRow(client: Client, { owner, logo, lastUsedAt }: Row): object {
  const hosts = hostsOf(client.redirectUris);
  return {
    id: client.id,
    name: client.name,
    logo,
    sub: hosts === '' ? client.id : hosts,
    hosts,
    kind: kindLabels[kindOf(client)],
    owner,
    lastUsedAt,
    badge: stateBadge(client),
  };
}

/** The most important state of an application. */
export function stateBadge(client: Client): { readonly label: Message; readonly kind: string | undefined } {
  if (client.disabledAt !== undefined) return { label: text('clients.badge.disabled'), kind: undefined };
  if (client.approvedAt === undefined) return { label: text('clients.badge.new'), kind: 'warn' };
  if (client.restrictedAt !== undefined) return { label: text('clients.badge.restricted'), kind: 'warn' };
  return { label: text('clients.badge.active'), kind: 'good' };
}

/** The hosts of the redirect URIs, for the administrator who reviews the client. */
export function hostsOf(redirectUris: readonly string[]): string {
  const hosts = [...new Set(redirectUris.map((uri) => new URL(uri)).map((url) => url.host || url.protocol))];
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(', ')}, …` : hosts.join(', ');
}
