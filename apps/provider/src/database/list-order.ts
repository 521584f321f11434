import { statement, type StatementText } from '@gatehouse/platform/database/store';

/** The orders of lists by selector; selectors increase with time. */
export const listOrders = ['newest', 'oldest'] as const;
export type ListOrder = (typeof listOrders)[number];

/**
 * The statements of a keyset-paginated list, in both orders.
 * @param text returns the SQL for `<` or `>` and the direction; `$1` is the last selector of the previous page
 */
export function inBothOrders(
  name: string,
  text: (past: '<' | '>', direction: 'DESC' | 'ASC') => string,
): Readonly<Record<ListOrder, StatementText>> {
  return { newest: statement(name, text('<', 'DESC')), oldest: statement(`${name}_oldest`, text('>', 'ASC')) };
}

/** The value of `$1` for the first page. */
export const listStart: Readonly<Record<ListOrder, number>> = {
  newest: Number.MAX_SAFE_INTEGER,
  oldest: Number.MIN_SAFE_INTEGER,
};

export function readOrder(text: string | undefined): ListOrder {
  return listOrders.find((each) => each === text) ?? 'newest';
}
