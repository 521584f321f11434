import { randomInt } from 'node:crypto';
import { Store, statement } from '@gatehouse/server/database/store';

const takeNumber = statement(
  'counters.take',
  `INSERT INTO counters (name, value) VALUES ($1, 1)
   ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`,
);

/** Selectors carry 11 bits of node number: half of them for servers, half for commands. */
const serverNodes = 1024;

/**
 * A number for this server process among all that share the database, so that their selectors never meet. It wraps
 * after 1,024 starts: only two servers that far apart in age, writing in one half millisecond, could meet then.
 */
export async function takeServerNumber(store: Store): Promise<number> {
  const row = await store.run((unit) => unit.one<{ value: number }>(takeNumber, 'node'));
  return serverNodes + ((row?.value ?? 0) % serverNodes);
}

/** A number for a command, which writes little and ends soon: drawn, so that looking something up writes nothing. */
export function drawCommandNumber(): number {
  return randomInt(serverNodes);
}
