import { randomBytes, randomInt } from 'node:crypto';
import { Store, StoreUnavailable, statement } from '@gatehouse/platform/database/store';

// Uses the database's clock: the clocks of machines may differ by more than the duration of a lease.
const now = { postgres: 'floor(extract(epoch FROM clock_timestamp()))', sqlite: `unixepoch()` };

const bothEngines = (name: string, text: (now: string) => string): ReturnType<typeof statement> =>
  statement(name, text(now.postgres), { sqlite: text(now.sqlite) });

const leases = {
  drawn: statement('node_leases.drawn', `SELECT value FROM counters WHERE name = 'node'`),
  held: bothEngines(
    'node_leases.held',
    (time) => `SELECT name FROM leases WHERE name LIKE 'node/%' AND expires_at > ${time}`,
  ),
  take: bothEngines(
    'node_leases.take',
    (time) => `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, ${time} + $3)
      ON CONFLICT (name) DO UPDATE SET holder = $2, expires_at = ${time} + $3 WHERE leases.expires_at <= ${time}`,
  ),
  renew: bothEngines(
    'node_leases.renew',
    (time) => `UPDATE leases SET expires_at = ${time} + $3 WHERE name = $1 AND holder = $2`,
  ),
};

/** Selectors contain an 11-bit generator id: half of the range is for servers, half for commands. */
const serverIdCount = 1024;
/**
 * Short, so that a process that restarts repeatedly does not exhaust the ids, because each start holds one for this long.
 * An id is not released at shutdown: the clock of the next process may be behind.
 */
const leaseSeconds = 120;
export const renewalMilliseconds = 20_000;
/**
 * The previous version has no leases: each start draws two ids from a counter. The ids drawn last, and as many of the
 * next ones, are reserved for its processes, which run next to this version during an upgrade.
 */
const reservedForCounter = 64;
const maxAttempts = 50;

/**
 * The generator id of this server process, unique among all that share the database, so that their selectors never collide.
 * It is leased: a process that stops renewing it loses it to another one.
 */
export class GeneratorId {
  private constructor(
    private readonly store: Store,
    private readonly holder: string,
    private number: number,
  ) {}

  /** @throws StoreUnavailable if every id is held */
  static async lease(store: Store): Promise<GeneratorId> {
    const holder = randomBytes(8).toString('hex');
    return new GeneratorId(store, holder, await takeFreeId(store, holder));
  }

  get value(): number {
    return this.number;
  }

  /** Renews the lease of the id, or takes another id if the lease was lost. */
  async renew(): Promise<number> {
    const renewed = await this.store.run((unit) =>
      unit.change(leases.renew, nameOf(this.number), this.holder, leaseSeconds),
    );
    if (renewed === 0) this.number = await takeFreeId(this.store, this.holder);
    return this.number;
  }
}

/** An id for a command, which writes little and ends soon: random, so that read-only commands write nothing. */
export function randomGeneratorId(): number {
  return randomInt(serverIdCount);
}

async function takeFreeId(store: Store, holder: string): Promise<number> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const held = new Set((await store.all<{ name: string }>(leases.held)).map(({ name }) => name));
    const [counter] = await store.all<{ value: number }>(leases.drawn);
    const free = serverIds.filter((number) => !held.has(nameOf(number)) && !isDrawn(number, counter?.value));
    // Random, so that processes that start together rarely conflict.
    const number = free[randomInt(Math.max(1, free.length))];
    if (number === undefined) break;
    if ((await store.run((unit) => unit.change(leases.take, nameOf(number), holder, leaseSeconds))) === 1)
      return number;
  }
  throw new StoreUnavailable(
    `no generator id is free: ${serverIdCount} server processes share this database, or started within ${leaseSeconds} seconds`,
  );
}

function isDrawn(number: number, counter: number | undefined): boolean {
  if (counter === undefined) return false;
  const behind = (((Number(counter) - number) % serverIdCount) + serverIdCount) % serverIdCount;
  return behind < reservedForCounter || behind >= serverIdCount - reservedForCounter;
}

const serverIds = Array.from({ length: serverIdCount }, (_, index) => serverIdCount + index);

function nameOf(number: number): string {
  return `node/${number}`;
}
