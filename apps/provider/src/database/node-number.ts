import { Store, statement } from '@gatehouse/server/database/store';

const takeNumber = statement(
  'counters.take',
  `INSERT INTO counters (name, value) VALUES ($1, 1)
   ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`,
);

/**
 * A number for this process among all that share the database, so that their selectors never meet
 * (it wraps at 2048 starts, and then only two processes that long apart in age could meet, in one half millisecond).
 */
export async function takeNodeNumber(store: Store): Promise<number> {
  const row = await store.run((unit) => unit.one<{ value: number }>(takeNumber, 'node'));
  return (row?.value ?? 0) % 2048;
}
