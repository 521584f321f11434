import { statement, type StatementText } from '@gatehouse/platform/database/store';

/** The orders of lists whose rows have selectors, which grow with time. */
export const listOrders = ['newest', 'oldest'] as const;
export type ListOrder = (typeof listOrders)[number];

/**
 * A list by key, in both orders.
 * @param text makes the statement of `<` or `>` and of the direction; `$1` is the selector that the page before ended with
 */
export function inBothOrders(
  name: string,
  text: (past: '<' | '>', direction: 'DESC' | 'ASC') => string,
): Readonly<Record<ListOrder, StatementText>> {
  return { newest: statement(name, text('<', 'DESC')), oldest: statement(`${name}_oldest`, text('>', 'ASC')) };
}

/** What `$1` is for the first page. */
export const listStart: Readonly<Record<ListOrder, number>> = {
  newest: Number.MAX_SAFE_INTEGER,
  oldest: Number.MIN_SAFE_INTEGER,
};

export function readOrder(text: string | undefined): ListOrder {
  return listOrders.find((each) => each === text) ?? 'newest';
}
