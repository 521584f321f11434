import { parseDatabaseUrl } from '../../src/database/database-url.js';
import { isInUse } from '../../src/database/database-use.js';
import { PostgresStore } from '../../src/database/postgres-store.js';
import { statement, StoreUnavailable } from '../../src/database/store.js';
import { administer } from '../support/postgres.js';
import { openThings, postgresEngine, refusalOf, things, turns } from './fixtures.js';
import { openWire } from '../support/wire.js';

const sleep = statement('test.sleep', 'SELECT pg_sleep(30)');
const broken = statement('test.broken', 'INSERT INTO things (selector) VALUES ($1)');
const pid = statement('test.pid', 'SELECT pg_backend_pid() AS pid');
const writable = statement('test.writable', `SELECT current_setting('transaction_read_only') AS mode`);

const say = statement('test.say', `SELECT pg_notify('test_channel', '')`);

describe('units on PostgreSQL', () => {
  const engine = postgresEngine();
  let store: PostgresStore;
  let url: string;

  beforeAll(() => engine.start(), 60_000);
  afterAll(() => engine.stop(), 30_000);
  beforeEach(async () => {
    url = await engine.freshUrl();
    const opened = await openThings(url);
    if (!(opened instanceof PostgresStore)) throw new Error('not on PostgreSQL');
    store = opened;
  });
  afterEach(() => store.close());

  const kill = (process: number | undefined): Promise<unknown> =>
    administer(url, `SELECT pg_terminate_backend(${process ?? 0})`);
  const tags = async (): Promise<string[]> => (await store.all<{ tag: string }>(things.all)).map(({ tag }) => tag);

  it.each([
    ['application_name', 'application_name=mine'],
    ['application_name, percent-encoded', 'application%5Fname=mine'],
    ['fallback_application_name', 'fallback_application_name=mine'],
    ['options', `options=${encodeURIComponent('-c application_name=mine')}`],
  ])('counts as use of the database, whatever its URL says in %s', async (_parameter, parameter) => {
    const plain = await engine.freshUrl();
    const named = `${plain}${plain.includes('?') ? '&' : '?'}${parameter}`;
    const opened = await openThings(named);
    try {
      expect(await isInUse(parseDatabaseUrl(plain))).toBe(true);
      expect(await isInUse(parseDatabaseUrl(named))).toBe(true);
    } finally {
      await opened.close();
    }
    expect(await isInUse(parseDatabaseUrl(named))).toBe(false);
  });

  it('continues when a column is added to a table, as in a rolling upgrade', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    const look = async (): Promise<void> => {
      expect(await store.one(things.find, 1)).toMatchObject({ tag: 'a' });
      expect(await store.run((unit) => unit.one(things.find, 1))).toMatchObject({ tag: 'a' });
    };
    await look();
    await administer(url, 'ALTER TABLE things ADD COLUMN colour text');
    await look();
    expect(await store.one(things.find, 1)).toHaveProperty('colour', null);
  });

  it('runs a unit again after a deadlock, and both take effect once', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    await store.run((unit) => unit.change(things.insert, 2, 'b'));
    const runs = [0, 0];
    const holding = new Set<number>();
    const both: (() => void)[] = [];
    const met = new Promise<void>((resolve) => both.push(resolve));
    const cross = (index: number, first: number, second: number): Promise<void> =>
      store.run(async (unit) => {
        runs[index] = (runs[index] ?? 0) + 1;
        await unit.change(things.use, first);
        holding.add(first);
        if (holding.size === 2) both[0]?.();
        if (runs[index] === 1) await met;
        await unit.change(things.use, second);
      });
    await Promise.all([cross(0, 1, 2), cross(1, 2, 1)]);
    expect((runs[0] ?? 0) + (runs[1] ?? 0)).toBe(3);
    expect(await store.one(things.find, 1)).toMatchObject({ use_count: 2 });
    expect(await store.one(things.find, 2)).toMatchObject({ use_count: 2 });
  });

  it('runs a unit again whose connection failed before its commit', async () => {
    let runs = 0;
    await store.run(async (unit) => {
      runs += 1;
      await unit.change(things.insert, 1, 'a');
      if (runs === 1) await kill((await unit.one<{ pid: number }>(pid))?.pid);
      await unit.change(things.insert, 2, 'b');
    });
    expect(runs).toBe(2);
    expect(await tags()).toEqual(['a', 'b']);
  });

  it('does not run a unit again whose connection failed during its commit, because the outcome is unknown', async () => {
    // A slow deferred check extends the commit, so that the connection can be closed during it.
    await administer(
      url,
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$`,
    );
    await administer(
      url,
      'CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()',
    );
    let runs = 0;
    let process: number | undefined;
    const run = store.run(async (unit) => {
      runs += 1;
      await unit.change(things.insert, 1, 'a');
      process = (await unit.one<{ pid: number }>(pid))?.pid;
    });
    const refused = refusalOf(run);
    const committing = `SELECT 1 AS yes FROM pg_stat_activity WHERE pid = ${process ?? 0} AND query = 'COMMIT'`;
    while (
      process === undefined ||
      (await administer(url, committing.replace('pid = 0', `pid = ${process}`))).length === 0
    )
      await new Promise((resolve) => setTimeout(resolve, 10));
    await kill(process);
    expect(await refused).toBeInstanceOf(StoreUnavailable);
    expect(runs).toBe(1);
  });

  it('does not report success for a unit that ignored the error of a statement', async () => {
    const refused = await refusalOf(
      store.run(async (unit) => {
        await unit.change(things.insert, 1, 'a');
        try {
          await unit.change(broken, 2);
        } catch {
          // Ignores the error.
        }
      }),
    );
    expect(refused.message).toMatch('the transaction was lost');
    expect(await tags()).toEqual([]);
  });

  it('releases a clean connection after a failed unit', async () => {
    for (let round = 0; round < 20; round += 1) await refusalOf(store.run((unit) => unit.change(broken, 1)));
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    expect(await tags()).toEqual(['a']);
    const open = await administer(
      url,
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()`,
    );
    expect(open).toEqual([{ n: 0 }]);
  });

  it('repeats a read when its connection fails', async () => {
    const wire = await openWire(url);
    const far = await openThings(wire.url);
    const reading = far.one(statement('test.nap', 'SELECT 1 AS one FROM pg_sleep(0.3)'));
    await turns(100);
    wire.drop();
    expect(await reading).toEqual({ one: 1 });
    await far.close();
    await wire.cut();
  });

  it('reads through connections that cannot write', async () => {
    expect(await store.one(writable)).toEqual({ mode: 'on' });
    expect(await store.run((unit) => unit.one(writable))).toEqual({ mode: 'off' });
    await expect(store.one(things.use, 1)).rejects.toThrow('read-only');
  });

  it('reports an unavailable database for units and reads, and recovers with it', async () => {
    const wire = await openWire(url);
    const far = await openThings(wire.url);
    await far.run((unit) => unit.change(things.insert, 1, 'a'));
    await wire.cut();
    const refused = await Promise.allSettled([
      far.run((unit) => unit.change(things.insert, 2, 'b')),
      far.one(things.find, 1),
      far.reader.query('SELECT 1'),
      far.checkWritable(),
    ]);
    for (const result of refused)
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    await wire.mend();
    await far.run((unit) => unit.change(things.insert, 3, 'c'));
    expect(await far.all(things.all)).toEqual([{ tag: 'a' }, { tag: 'c' }]);
    await far.checkWritable();
    await far.close();
    await wire.cut();
  });

  it('writes again as soon as the database is writable, although it has connections from the read-only time', async () => {
    const name = new URL(url).pathname.slice(1);
    const elsewhere = new URL(url);
    elsewhere.pathname = '/postgres';
    const others = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
    await administer(elsewhere.href, `ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    await administer(elsewhere.href, others);
    let selector = 0;
    let isOver = false;
    const reasons: unknown[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        selector += 1;
        const own = selector;
        await store.run((unit) => unit.change(things.insert, own, `t${own}`)).catch((error) => reasons.push(error));
        await turns(5);
      }
    });
    await turns(500);
    expect(await tags()).toEqual([]);
    await administer(elsewhere.href, `ALTER DATABASE "${name}" RESET default_transaction_read_only`);
    await turns(1000);
    const refused = reasons.length;
    await turns(500);
    isOver = true;
    await Promise.all(load);
    expect(refused).toBeGreaterThan(0);
    expect(reasons).toHaveLength(refused);
    for (const reason of reasons) expect(reason).toBeInstanceOf(StoreUnavailable);
    expect((await tags()).length).toBeGreaterThan(50);
  });

  it('serves with the connections that it has when the server grants no more', async () => {
    const role = `few_${Date.now()}`;
    const limited = new URL(url);
    limited.username = role;
    limited.password = 'few';
    await administer(url, `CREATE ROLE ${role} LOGIN PASSWORD 'few' CONNECTION LIMIT 3`);
    await administer(url, `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    const few = await openThings(limited.href, { migrate: 'off', connections: 16 });
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => few.run((unit) => unit.change(things.insert, index, `t${index}`))),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await few.all(things.all)).toHaveLength(40);
    await few.close();
    await administer(url, `DROP OWNED BY ${role}`);
    await administer(url, `DROP ROLE ${role}`);
  });

  it('closes the connection of a unit that never ends', async () => {
    // Long enough for the second unit on a busy machine.
    const hasty = await openThings(url, { connections: 2, postgres: { unitMilliseconds: 2000 } });
    const refused = await refusalOf(
      hasty.run(async (unit) => {
        await unit.change(things.insert, 1, 'a');
        await new Promise(() => undefined);
      }),
    );
    expect(refused).toBeInstanceOf(StoreUnavailable);
    await hasty.run((unit) => unit.change(things.insert, 2, 'b'));
    expect(await tags()).toEqual(['b']);
    await hasty.close();
  });

  it('rejects units immediately while too many are waiting', async () => {
    const narrow = await openThings(url, { connections: 2, postgres: { maxWaiting: 1 } });
    const results = await Promise.allSettled(
      [1, 2, 3].map((selector) => narrow.run((unit) => unit.change(things.insert, selector, `t${selector}`))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: expect.any(StoreUnavailable) });
    await narrow.close();
  });

  it('cancels a statement that takes too long', async () => {
    const role = store.run(async (unit) => {
      await unit.one(statement('test.limit', `SELECT set_config('statement_timeout', '100', true)`));
      await unit.one(sleep);
    });
    await expect(role).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('serves more units than it has connections', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => store.run((unit) => unit.change(things.insert, index, `t${index}`))),
    );
    expect(await tags()).toHaveLength(100);
  });

  it('counts its connections', async () => {
    const narrow = await openThings(url, { connections: 2 });
    let seen: unknown;
    await narrow.run(async (unit) => {
      await unit.change(things.insert, 1, 'a');
      void narrow.run((other) => other.change(things.insert, 2, 'b'));
      await unit.change(things.use, 1); // the other unit now requests a connection
      seen = narrow.connections();
    });
    await narrow.run((unit) => unit.one(things.find, 2));
    expect(seen).toEqual([
      { pool: 'units', busy: 1, idle: 0, waiting: 1 },
      { pool: 'reads', busy: 0, idle: expect.any(Number), waiting: 0 },
    ]);
    await narrow.close();
  });

  describe('receives notifications of other processes', () => {
    /** Resolves with the elapsed milliseconds when the count exceeds `than`. */
    async function grown(count: () => number, than: number): Promise<number> {
      const began = Date.now();
      while (count() <= than && Date.now() - began < 10_000) await turns(5);
      expect(count()).toBeGreaterThan(than);
      return Date.now() - began;
    }

    it('within a second of the commit, and none of rolled back units', async () => {
      const other = await openThings(url);
      let heard = 0;
      other.listen('test_channel', () => (heard += 1));
      await grown(() => heard, 0);
      let before = heard;
      await store.run(async (unit) => {
        await unit.one(say);
        await turns(200);
        expect(heard).toBe(before);
      });
      expect(await grown(() => heard, before)).toBeLessThan(1000);
      before = heard;
      await refusalOf(
        store.run(async (unit) => {
          await unit.one(say);
          throw new Error('not so');
        }),
      );
      await turns(200);
      expect(heard).toBe(before);
      await other.close();
    });

    it('again after its connection was lost, and learns that it may have missed some', async () => {
      const wire = await openWire(url);
      const far = await openThings(wire.url);
      let heard = 0;
      far.listen('test_channel', () => (heard += 1));
      await grown(() => heard, 0);
      await wire.cut();
      await store.run((unit) => unit.one(say));
      await turns(300);
      const missed = heard;
      await wire.mend();
      // Only because of the new connection: there are no new notifications.
      await grown(() => heard, missed);
      const before = heard;
      await store.run((unit) => unit.one(say));
      expect(await grown(() => heard, before)).toBeLessThan(1000);
      await far.close();
      await wire.cut();
    });

    it('and closes while the database is unavailable', async () => {
      const wire = await openWire(url);
      const far = await openThings(wire.url);
      far.listen('test_channel', () => undefined);
      await wire.cut();
      await turns(400);
      const began = Date.now();
      await far.close();
      expect(Date.now() - began).toBeLessThan(2000);
    });
  });
});
