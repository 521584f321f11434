import type { Type } from '@nestjs/common';
import { ConcurrencyConflict, statement, type Outcome, type Unit } from '@gatehouse/platform/database/store';
import { eventually } from './eventually';
import type { Operation } from '../../src/operations/operation';
import type { TestProvider } from './provider';

const flush = statement('test.flush', 'SELECT 1 AS one');
const blocked = statement(
  'test.blocked_units',
  "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
);

export type SpendOutcome = 'spent' | 'refused';

/**
 * Two callers spend what both have read already, in units of work that overlap as far as the database lets them:
 * on SQLite, which runs one unit at a time, one after the other; on PostgreSQL the second one begins while the first one
 * has changed the row and not committed. Nothing depends on timing.
 * @throws Error where the second one did not have to wait for the first one's row on PostgreSQL
 */
export async function spendTwice(
  provider: Pick<TestProvider, 'store'>,
  [first, second]: readonly [Spend, Spend],
): Promise<readonly [SpendOutcome, SpendOutcome]> {
  const { store } = provider;
  if (store.dialect === 'sqlite')
    return [await outcomeOf(() => store.run(first)), await outcomeOf(() => store.run(second))];
  let later: Promise<SpendOutcome> | undefined;
  const earlier = await outcomeOf(() =>
    store.run(async (unit) => {
      const answer = await first(unit);
      // Changes that nobody awaits are sent with the next statement.
      await unit.one(flush);
      later ??= outcomeOf(() => store.run(second));
      if ((await countBlocked(store)) === 0) throw new Error('the two units of work did not overlap');
      return answer;
    }),
  );
  if (later === undefined) throw new Error('the first of the two was refused before the second one began');
  return [earlier, await later];
}

/**
 * Begins something while a unit of work has made its changes and not committed: on PostgreSQL it has to wait for a row that
 * the unit holds; on SQLite, which runs one unit at a time, it comes after it.
 * @param begun may be called before or after the commit
 * @throws Error where it did not have to wait on PostgreSQL
 */
export async function whileUncommitted<T>(
  { store }: Pick<TestProvider, 'store'>,
  change: (unit: Unit) => Promise<unknown>,
  begun: () => Promise<T>,
): Promise<T> {
  let later: Promise<T> | undefined;
  let waiting = 0;
  await store.run(async (unit) => {
    await change(unit);
    if (store.dialect === 'sqlite') return;
    await unit.one(flush);
    later ??= begun();
    // Whoever awaits it later hears of its failure.
    later.catch(() => undefined);
    waiting = await countBlocked(store);
  });
  const answer = await (later ?? begun());
  if (store.dialect === 'postgres' && waiting === 0) throw new Error('the two units of work did not overlap');
  return answer;
}

/** How many wait for a row, as soon as anybody does; 0 where nobody comes to wait. */
export async function countBlocked(store: TestProvider['store']): Promise<number> {
  return eventually(
    async () => Number((await store.one<{ n: number | string }>(blocked))?.n),
    (count) => count > 0,
  );
}

/** @returns false where it was rejected; nothing where the unit depends on it ({@link Unit.expectChange}) */
export type Spend = (unit: Unit) => Outcome<boolean | void>;

async function outcomeOf(run: () => Promise<boolean | void>): Promise<SpendOutcome> {
  try {
    return (await run()) === false ? 'refused' : 'spent';
  } catch (error) {
    if (error instanceof ConcurrencyConflict) return 'refused';
    throw error;
  }
}

const maxWaitMilliseconds = 20_000;

/**
 * Starts requests at once and lets none of them write before all of them have read: their first units of work wait for
 * each other.
 * @param units how many units of work a request runs up to the one that consumes; each of them waits for its like
 * @throws Error where fewer come to write: then the requests did not race
 */
export async function raceAfterReading<T>(
  provider: Pick<TestProvider, 'store'>,
  { requests, units = 1 }: { readonly requests: number; readonly units?: number },
  request: (index: number) => Promise<T>,
): Promise<T[]> {
  const { store } = provider;
  const run = store.run.bind(store);
  const gates = Array.from({ length: units }, newGate);
  let arrived = 0;
  const spy = jest.spyOn(store, 'run').mockImplementation(async (work) => {
    const gate = gates[Math.floor(arrived / requests)];
    if (++arrived % requests === 0) gate?.open();
    await gate?.opened;
    return run(work);
  });
  const openAll = (): void => gates.forEach((gate) => gate.open());
  // So that a race that does not take place fails by what is said below.
  const patience = setTimeout(openAll, maxWaitMilliseconds);
  try {
    const answers = await Promise.all(Array.from({ length: requests }, (_each, index) => request(index)));
    if (arrived < requests * units) throw new Error(`${arrived} of ${requests * units} units of work were run`);
    return answers;
  } finally {
    clearTimeout(patience);
    spy.mockRestore();
    openAll();
  }
}

function newGate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/**
 * Asks for one or two operations at once and lets none of them begin its unit of work before all are prepared: what they
 * read and checked before it is the same for all.
 * @throws Error where one of them was not prepared
 */
export async function raceAfterPreparing<T>(
  { app }: Pick<TestProvider, 'app'>,
  types: readonly Type<Pick<Operation<unknown, unknown, unknown>, 'prepare'>>[],
  asked: readonly (() => Promise<T>)[],
): Promise<T[]> {
  const gate = newGate();
  let prepared = 0;
  const spies = [...new Set(types)].map((type) => {
    const operation = app.get(type, { strict: false });
    const prepare = operation.prepare.bind(operation);
    return jest.spyOn(operation, 'prepare').mockImplementation(async (actor, input) => {
      const result = await prepare(actor, input);
      if (++prepared === asked.length) gate.open();
      await gate.opened;
      return result;
    });
  });
  const patience = setTimeout(() => gate.open(), maxWaitMilliseconds);
  try {
    const answers = await Promise.all(asked.map((request) => request()));
    if (prepared !== asked.length) throw new Error(`${prepared} of ${asked.length} operations were prepared`);
    return answers;
  } finally {
    clearTimeout(patience);
    spies.forEach((spy) => spy.mockRestore());
    gate.open();
  }
}
