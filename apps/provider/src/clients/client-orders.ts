/** By name; who was added last first. */
export const clientOrders = ['name', 'newest'] as const;
export type ClientOrder = (typeof clientOrders)[number];

/** The kinds of the values of a cursor of the list in this order. */
export function clientCursorShape(order: ClientOrder): readonly ('string' | 'number')[] {
  return [order === 'newest' ? 'number' : 'string', 'string'];
}

/** By what of its rows a list is read. */
export const clientOrderings = {
  name: { column: 'client.name', direction: 'ASC' },
  newest: { column: 'client.createdAt', direction: 'DESC' },
} as const;
