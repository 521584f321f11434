import Driver from 'better-sqlite3';
import { join } from 'node:path';
import { SqliteStore } from '../../src/database/sqlite-store.js';
import { StoreUnavailable, type Unit } from '../../src/database/store.js';
import type { LaneOptions } from '../../src/database/sqlite-lane.js';
import { databaseOf } from '../../src/database/sqlite-driver.js';
import { openThings, refusalOf, sqliteEngine, Thing, things, turns } from './fixtures.js';

describe('the write lane on SQLite', () => {
  const engine = sqliteEngine();
  let store: SqliteStore;
  let path: string;

  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(() => open());
  afterEach(() => store.close());

  async function open(lane: LaneOptions = {}): Promise<void> {
    const url = await engine.freshUrl();
    path = url.slice('sqlite:'.length);
    const opened = await openThings(url, { lane });
    if (!(opened instanceof SqliteStore)) throw new Error('not on SQLite');
    store = opened;
  }

  async function reopen(lane: LaneOptions): Promise<void> {
    await store.close();
    await open(lane);
  }

  const insert = (selector: number): Promise<number> =>
    store.run((unit) => unit.change(things.insert, selector, `t${selector}`));
  const count = (): number | undefined => store.one<{ n: number }>(things.count)?.n;
  const writer = (): Driver.Database =>
    databaseOf((store as unknown as { readonly writer: Parameters<typeof databaseOf>[0] }).writer);

  it('uses WAL and synchronous=FULL, so that confirmed commits are on disk', () => {
    expect(writer().pragma('journal_mode', { simple: true })).toBe('wal');
    expect(writer().pragma('synchronous', { simple: true })).toBe(2);
  });

  it('runs statements synchronously, without a promise', async () => {
    await insert(1);
    expect(store.one(things.count)).toEqual({ n: 1 });
    expect(store.all(things.all)).toEqual([{ tag: 't1' }]);
    await store.run((unit) => {
      expect(unit.one(things.count)).toEqual({ n: 1 });
      expect(unit.all(things.all)).toEqual([{ tag: 't1' }]);
      expect(unit.change(things.consume, 1, 1)).toBe(1);
    });
  });

  it('notifies once when all units that waited for a commit have continued', async () => {
    const order: string[] = [];
    store.onCommitted(() => order.push('all told'));
    const goOn = async (selector: number): Promise<void> => {
      await insert(selector);
      order.push(`${selector} told`);
      await Promise.resolve();
      await Promise.resolve();
      order.push(`${selector} went on`);
    };
    await Promise.all([goOn(1), goOn(2)]);
    await turns(1);
    expect(order).toEqual(['1 told', '2 told', '1 went on', '2 went on', 'all told']);
  });

  it('uses the selector as rowid, without a second index', () => {
    const plan = writer().prepare('EXPLAIN QUERY PLAN SELECT * FROM things WHERE selector = 1').all() as {
      detail: string;
    }[];
    expect(plan[0]?.detail).toMatch('USING INTEGER PRIMARY KEY');
  });

  it('shares one commit among all waiting units', async () => {
    await Promise.all(Array.from({ length: 64 }, (_, index) => insert(index + 1)));
    expect(store.lane.batches).toBe(1);
    expect(count()).toBe(64);
  });

  it('waits for the end of the turn, so that units of other callbacks join the batch', async () => {
    // Like requests: each in its own callback, with its microtasks completed before the next.
    await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        new Promise((resolve) => setImmediate(resolve)).then(() => insert(index + 1)),
      ),
    );
    expect(store.lane.batches).toBe(1);
  });

  it('rejects a unit that awaits a timer, and rolls back only that unit', async () => {
    const results = await Promise.allSettled([
      insert(1),
      store.run(async (unit) => {
        await unit.change(things.insert, 2, 'slow');
        await turns(5);
        await unit.change(things.insert, 3, 'late');
      }),
      insert(4),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({
      reason: { message: 'a unit of work awaited something that is not the database' },
    });
    await turns(20);
    expect(store.all(things.all)).toEqual([{ tag: 't1' }, { tag: 't4' }]);
  });

  it('does not hang on a unit that never settles or that opens a nested unit', async () => {
    expect((await refusalOf(store.run(() => new Promise(() => undefined)))).message).toMatch('not the database');
    expect((await refusalOf(store.run(() => insert(1)))).message).toMatch('not the database');
    await insert(2);
    expect(store.all(things.all)).toContainEqual({ tag: 't2' });
  });

  it('does not let TypeORM work exceed its turn', async () => {
    await store.run(async (unit) => {
      const repository = unit.manager.getRepository(Thing);
      for (let selector = 1; selector <= 20; selector += 1)
        await repository.save({
          selector,
          tag: `t${selector}`,
          ownerId: null,
          consumedAt: null,
          useCount: 0,
          isOpen: true,
          tagHash: null,
          labelList: [],
        });
      await repository.remove(await repository.findBy({ useCount: 0 }));
      await repository.createQueryBuilder().delete().where('use_count = :n', { n: 0 }).execute();
    });
    expect(count()).toBe(0);
  });

  it('rejects all units of a failed commit, writes none of them, and continues', async () => {
    let failing = true;
    await reopen({
      beforeCommit: () => {
        if (failing) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
      },
    });
    const refused = await Promise.allSettled([insert(1), insert(2), store.run(() => Promise.reject(new Error('own')))]);
    for (const result of refused)
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    expect(count()).toBe(0);
    failing = false;
    await insert(1);
    expect(count()).toBe(1);
  });

  it('rejects all waiting units when the disk is full, continues to read, and writes again when there is space', async () => {
    await insert(1);
    const pages = Number(writer().pragma('page_count', { simple: true }));
    writer().pragma(`max_page_count = ${pages}`);
    const large = 'x'.repeat(100_000);
    const results = await Promise.allSettled([insert(2), store.run((unit) => unit.change(things.insert, 3, large))]);
    expect(results[1]).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    // The outcome reported to the other unit matches the database.
    expect(count()).toBe(results[0].status === 'fulfilled' ? 2 : 1);
    writer().pragma('max_page_count = 1000000');
    await store.run((unit) => unit.change(things.insert, 3, large));
    expect(store.one(things.find, 3)).toMatchObject({ tag: large });
  });

  it('writes nothing more for a unit that ignored the error that ended the transaction', async () => {
    const refused = await refusalOf(
      store.run((unit) => {
        writer().exec('ROLLBACK');
        void unit.change(things.insert, 1, 'a');
      }),
    );
    expect(refused).toBeInstanceOf(StoreUnavailable);
    expect(count()).toBe(0);
    await insert(2);
  });

  it('waits for another process without blocking the event loop, and rejects after its timeout', async () => {
    await reopen({ lockWaitMilliseconds: 150 });
    const other = new Driver(path);
    other.exec('BEGIN IMMEDIATE');
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const started = performance.now();
    const refused = await Promise.allSettled([insert(1), insert(2)]);
    expect(performance.now() - started).toBeGreaterThan(140);
    for (const result of refused)
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    expect(longest).toBeLessThan(100);
    const waiting = insert(3);
    await turns(30);
    other.exec('COMMIT');
    other.close();
    clearInterval(ticking);
    expect(await waiting).toBe(1);
    expect(store.all(things.all)).toEqual([{ tag: 't3' }]);
  });

  it('rejects units immediately while too many are waiting', async () => {
    await reopen({ maxWaiting: 2 });
    const results = await Promise.allSettled([insert(1), insert(2), insert(3)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: expect.any(StoreUnavailable) });
  });

  it('reports that it cannot be written', async () => {
    await reopen({ lockWaitMilliseconds: 20 });
    const other = new Driver(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.checkWritable()).rejects.toBeInstanceOf(StoreUnavailable);
    other.close();
    await store.checkWritable();
  });

  it('allows writes and transactions only in units', async () => {
    const { writer: source } = store as unknown as { readonly writer: SqliteStore['dataSource'] };
    const blocked = 'through a unit of work only';
    await store.run(async (unit) => {
      await unit.change(things.insert, 1, 'a');
      expect((await refusalOf(source.query('DELETE FROM things'))).message).toMatch(blocked);
      expect((await refusalOf(source.getRepository(Thing).delete({ selector: 1 }))).message).toMatch(blocked);
      expect((await refusalOf(source.transaction(() => Promise.resolve()))).message).toMatch(
        'another one cannot be opened',
      );
      expect((await refusalOf(source.createQueryRunner().rollbackTransaction())).message).toMatch(
        'another one cannot be opened',
      );
    });
    expect(count()).toBe(1);
  });

  it('opens no transaction on the reader, which would freeze its snapshot', async () => {
    expect((await refusalOf(store.dataSource.transaction(() => Promise.resolve()))).message).toMatch('no transactions');
    expect((await refusalOf(store.reader.query('BEGIN'))).message).toMatch('no transactions');
    const thing = Object.assign(new Thing(), { selector: 1, tag: 'a', useCount: 0, isOpen: true, labelList: [] });
    expect((await refusalOf(store.reader.save(thing))).message).toMatch('no transactions');
  });

  it('checks the statement of a unit before its first use', async () => {
    const begin = { name: 'x', sqlite: 'BEGIN', sqliteOrder: [], postgres: 'BEGIN' };
    expect((await refusalOf(store.run((unit: Unit) => unit.change(begin)))).message).toMatch(
      'not inside a unit of work',
    );
  });

  describe('its WAL', () => {
    const program = join(__dirname, '../../dist/database/sqlite-checkpoint-worker.js');
    const waiting = (): { log: number; checkpointed: number } => {
      const [found] = writer().pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
      return found ?? { log: 0, checkpointed: 0 };
    };
    /** Writes this number of rows of 40 kB, with one commit each. */
    async function fill(from: number, count: number): Promise<void> {
      for (let selector = from; selector < from + count; selector += 1)
        await store.run((unit) => unit.change(things.insert, selector, `t${selector}${'x'.repeat(40_000)}`));
    }

    it('is checkpointed by another thread, and stays short during many writes', async () => {
      await reopen({ checkpointProgram: program });
      expect(writer().pragma('wal_autocheckpoint', { simple: true })).toBe(0);
      await fill(1, 150);
      const until = Date.now() + 10_000;
      while (waiting().checkpointed === 0 && Date.now() < until) await turns(20);
      expect(waiting().checkpointed).toBeGreaterThan(1000);
      // The WAL restarts during continuous writes, at a time that depends on the machine.
      let from = 1000;
      let longest = 0;
      let hasBegunAgain = false;
      const patience = Date.now() + 40_000;
      while (!hasBegunAgain && Date.now() < patience) {
        await fill(from, 100);
        from += 100;
        const { log } = waiting();
        hasBegunAgain = log < longest;
        longest = Math.max(longest, log);
      }
      expect(hasBegunAgain).toBe(true);
      expect(count()).toBe(150 + from - 1000);
    }, 90_000);

    it('is checkpointed within commits if there is no such thread', async () => {
      await reopen({ checkpointProgram: join(__dirname, 'there-is-no-such-program.js') });
      await fill(1, 300);
      const until = Date.now() + 10_000;
      while (writer().pragma('wal_autocheckpoint', { simple: true }) === 0 && Date.now() < until) await turns(20);
      expect(writer().pragma('wal_autocheckpoint', { simple: true })).toBe(1000);
      await fill(1000, 50);
      // The 300 rows alone have about 6,000 pages.
      expect(waiting().log).toBeLessThan(2000);
    }, 60_000);
  });
});
