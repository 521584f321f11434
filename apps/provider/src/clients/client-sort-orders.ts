/** By name; who was added last first. */
export const clientSortOrders = ['name', 'newest'] as const;
export type ClientSortOrder = (typeof clientSortOrders)[number];

/** The kinds of the values of a cursor of the list in this order. */
export function clientCursorShape(order: ClientSortOrder): readonly ('string' | 'number')[] {
  return [order === 'newest' ? 'number' : 'string', 'string'];
}

/** By what of its rows a list is read. */
export const clientOrderings = {
  name: { column: 'client.name', direction: 'ASC' },
  newest: { column: 'client.createdAt', direction: 'DESC' },
} as const;

/** Which clients a list shows: those that await review, those that are approved, those that are switched off. */
export const clientStates = ['new', 'approved', 'restricted', 'disabled'] as const;
export type ClientState = (typeof clientStates)[number];

export const clientStateConditions: Readonly<Record<ClientState, string>> = {
  new: 'client.approvedAt IS NULL AND client.disabledAt IS NULL',
  approved: 'client.approvedAt IS NOT NULL AND client.disabledAt IS NULL',
  restricted: 'client.restrictedAt IS NOT NULL AND client.disabledAt IS NULL',
  disabled: 'client.disabledAt IS NOT NULL',
};
