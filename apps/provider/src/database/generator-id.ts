import { randomBytes, randomInt } from 'node:crypto';
import { Store, StoreUnavailable, statement } from '@gatehouse/platform/database/store';

// By the database's clock: those of the machines may differ by more than a lease lasts.
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

/** Selectors carry 11 bits of node number: half of them for servers, half for commands. */
const serverNodes = 1024;
/**
 * A process that starts again and again holds a number for as long each time: short, so that it does not use them up.
 * Nothing is given back at the end: the next one's clock may be behind.
 */
const leaseSeconds = 120;
export const renewalMilliseconds = 20_000;
/**
 * The version before leases nothing: each of its starts draws two numbers from a counter. Those drawn last, and as many
 * that come next, are left to its processes, which serve beside this version during an upgrade.
 */
const leftToCounter = 64;
const maxTries = 50;

/**
 * The number of this server process among all that share the database, so that their selectors never meet. It is leased:
 * a process that stops renewing it loses it to another one.
 */
export class GeneratorId {
  private constructor(
    private readonly store: Store,
    private readonly holder: string,
    private number: number,
  ) {}

  /** @throws StoreUnavailable when every number is held */
  static async lease(store: Store): Promise<GeneratorId> {
    const holder = randomBytes(8).toString('hex');
    return new GeneratorId(store, holder, await takeFree(store, holder));
  }

  get value(): number {
    return this.number;
  }

  /** Keeps the number, or takes another one where it was lost meanwhile. */
  async renew(): Promise<number> {
    const kept = await this.store.run((unit) =>
      unit.change(leases.renew, nameOf(this.number), this.holder, leaseSeconds),
    );
    if (kept === 0) this.number = await takeFree(this.store, this.holder);
    return this.number;
  }
}

/** A number for a command, which writes little and ends soon: drawn, so that looking something up writes nothing. */
export function randomGeneratorId(): number {
  return randomInt(serverNodes);
}

async function takeFree(store: Store, holder: string): Promise<number> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const held = new Set((await store.all<{ name: string }>(leases.held)).map(({ name }) => name));
    const [counter] = await store.all<{ value: number }>(leases.drawn);
    const free = serverNumbers.filter((number) => !held.has(nameOf(number)) && !isDrawn(number, counter?.value));
    // By chance: processes that start together meet less often.
    const number = free[randomInt(Math.max(1, free.length))];
    if (number === undefined) break;
    if ((await store.run((unit) => unit.change(leases.take, nameOf(number), holder, leaseSeconds))) === 1)
      return number;
  }
  throw new StoreUnavailable(
    `no node number is free: ${serverNodes} server processes share this database, or started within ${leaseSeconds} seconds`,
  );
}

function isDrawn(number: number, counter: number | undefined): boolean {
  if (counter === undefined) return false;
  const behind = (((Number(counter) - number) % serverNodes) + serverNodes) % serverNodes;
  return behind < leftToCounter || behind >= serverNodes - leftToCounter;
}

const serverNumbers = Array.from({ length: serverNodes }, (_, index) => serverNodes + index);

function nameOf(number: number): string {
  return `node/${number}`;
}
