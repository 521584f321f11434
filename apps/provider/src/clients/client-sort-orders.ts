import type { Cursor } from '../web/cursor.js';

/** `newest`: most recently added first. */
export const clientSortOrders = ['name', 'newest'] as const;
export type ClientSortOrder = (typeof clientSortOrders)[number];

/** The value types of a list cursor in this order. */
export function clientCursorShape(order: ClientSortOrder): readonly ('string' | 'number')[] {
  return [order === 'newest' ? 'number' : 'string', 'string'];
}

/** The SQL ordering of each sort order. */
export const clientOrderings = {
  name: { column: 'client.name', direction: 'ASC' },
  newest: { column: 'client.createdAt', direction: 'DESC' },
} as const;

/** The states by which a list can be filtered; `new` clients await review. */
export const clientStates = ['new', 'approved', 'restricted', 'disabled'] as const;
export type ClientState = (typeof clientStates)[number];

export const clientStateConditions: Readonly<Record<ClientState, string>> = {
  new: 'client.approvedAt IS NULL AND client.disabledAt IS NULL',
  approved: 'client.approvedAt IS NOT NULL AND client.disabledAt IS NULL',
  restricted: 'client.restrictedAt IS NOT NULL AND client.disabledAt IS NULL',
  disabled: 'client.disabledAt IS NOT NULL',
};

/** One page of clients. */
export interface ClientListQuery {
  readonly ownerId?: string | undefined;
  readonly search?: string | undefined;
  /** The whole name, in any case. */
  readonly name?: string | undefined;
  readonly state?: ClientState | undefined;
  /** Defaults to `name`. */
  readonly order?: ClientSortOrder | undefined;
  /** The sort value and the id of the last client of the previous page. */
  readonly after?: Cursor | undefined;
  readonly limit: number;
}
