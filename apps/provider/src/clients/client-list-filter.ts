import type { Form } from '@gatehouse/platform/http/form';
import { listAddress } from '../web/list-pager.js';
import { routes } from '../web/routes.js';
import { clientSortOrders, clientStates, type ClientSortOrder, type ClientState } from './client-sort-orders.js';

/** What the list shows: a search, a state, an order. */
export interface ClientFilter {
  readonly search: string;
  readonly state: ClientState | undefined;
  readonly order: ClientSortOrder;
}

/** From the address of the list, or from a form that sends the same fields. */
export function readClientFilter(parameters: Form): ClientFilter {
  return {
    search: parameters.text('q').trim().slice(0, 200),
    state: clientStates.find((each) => each === parameters.get('state')),
    order: clientSortOrders.find((each) => each === parameters.get('order')) ?? 'name',
  };
}

/** The parameters that differ from the whole list. */
export function clientFilterParameters({ search, state, order }: ClientFilter): Readonly<Record<string, string>> {
  return {
    ...(search === '' ? {} : { q: search }),
    ...(state ? { state } : {}),
    ...(order === 'name' ? {} : { order }),
  };
}

/** The address of the list with this filter; `more` are further parameters. */
export function clientListAddress(
  filter: ClientFilter,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  return listAddress(routes.clients, { ...clientFilterParameters(filter), ...more });
}
