import { schemaDifferences } from '../../src/database/schema-differences.js';
import { StoreUnavailable } from '../../src/database/store.js';
import type { OpenStore } from '../../src/database/open-store.js';
import { engines, openThings, refusalOf, Thing, things } from './fixtures.js';

const thing = { tag: 'a', ownerId: null, consumedAt: null, useCount: 0, isOpen: true, tagHash: null, labelList: [] };

describe.each(engines)('the store on %s', (_name, makeEngine) => {
  const engine = makeEngine();
  let store: OpenStore;
  let url: string;

  beforeAll(() => engine.start(), 60_000);
  afterAll(() => engine.stop(), 30_000);
  beforeEach(async () => {
    url = await engine.freshUrl();
    store = await openThings(url);
  });
  afterEach(() => store.close());

  const count = async (): Promise<number | undefined> => (await store.one<{ n: number }>(things.count))?.n;

  it('shows a commit to the reader immediately', async () => {
    for (let selector = 1; selector <= 200; selector += 1) {
      await store.run((unit) => unit.change(things.insert, selector, `t${selector}`));
      expect(await store.one(things.find, selector)).toMatchObject({ selector, tag: `t${selector}` });
    }
  });

  it('notifies of a commit once, when its rows can be read, and not of a rolled back unit', async () => {
    const told: (number | undefined)[] = [];
    const seen: Promise<void>[] = [];
    const note = (): void => void seen.push(count().then((n) => void told.push(n)));
    await Promise.allSettled([
      store.run(async (unit) => {
        unit.afterCommit(note);
        await unit.change(things.insert, 1, 'a');
      }),
      store.run((unit) => {
        unit.afterCommit(() => told.push(-1));
        throw new Error('no');
      }),
    ]);
    await Promise.all(seen);
    expect(told).toEqual([1]);
  });

  it('stores changes without awaited results, before or after others, atomically', async () => {
    await store.run((unit) => {
      unit.write(things.insert, 1, 'a');
      unit.write(things.insert, 2, 'b');
    });
    await store.run(async (unit) => {
      unit.write(things.insert, 3, 'c');
      expect(await unit.one(things.find, 3)).toMatchObject({ tag: 'c' });
      unit.write(things.use, 3);
    });
    expect(await store.one(things.find, 3)).toMatchObject({ use_count: 1 });
    const failed = store.run((unit) => {
      unit.write(things.insert, 4, 'd');
      unit.write(things.insert, 5, 'a'); // the tag is taken
    });
    // Compares the message: in a worker that ran another file before, the driver's errors belong to that file's realm.
    const taken = { message: expect.stringMatching(/unique/i) as unknown };
    await expect(failed).rejects.toMatchObject(taken);
    await expect(
      store.run(async (unit) => {
        await unit.change(things.insert, 6, 'f');
        unit.write(things.insert, 7, 'a');
      }),
    ).rejects.toMatchObject(taken);
    expect(await count()).toBe(3);
  });

  it('rolls back a unit whose required change changes nothing, and names the change', async () => {
    await store.run((unit) => unit.expectChange(things.insert, 1, 'a'));
    const alone = store.run((unit) => {
      unit.write(things.insert, 2, 'b');
      unit.expectChange(things.use, 1);
      unit.expectChange(things.use, 9);
      unit.write(things.insert, 3, 'c');
    });
    await expect(alone).rejects.toMatchObject({ name: 'ConcurrencyConflict', statement: things.use });
    const later = store.run(async (unit) => {
      await unit.change(things.insert, 4, 'd');
      unit.expectChange(things.use, 9);
    });
    await expect(later).rejects.toMatchObject({ name: 'ConcurrencyConflict', statement: things.use });
    expect(await count()).toBe(1);
    expect(await store.one(things.find, 1)).toMatchObject({ use_count: 0 });
    // A failed unit does not affect the next one.
    await store.run((unit) => unit.expectChange(things.use, 1));
    expect(await store.one(things.find, 1)).toMatchObject({ use_count: 1 });
  });

  it('lets one of 100 units that require the same row succeed', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        store.run((unit) => {
          unit.expectChange(things.consume, 1, 5);
          unit.write(things.insert, 100 + index, `w${index}`);
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await count()).toBe(2);
  });

  it('repeats a unit once whose selector another process has used, and then reports that it is busy', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'theirs'));
    const drawn = [1, 2];
    await store.run((unit) => unit.change(things.insert, drawn.shift() ?? 0, 'ours'));
    const queued = [1, 3];
    await store.run((unit) => unit.write(things.insert, queued.shift() ?? 0, 'queued'));
    const byManager = [1, 4];
    await store.run(
      async (unit) =>
        void (await unit.manager.getRepository(Thing).insert({ ...thing, selector: byManager.shift() ?? 0, tag: 'd' })),
    );
    let runs = 0;
    const always = store.run((unit) => {
      runs += 1;
      return unit.change(things.insert, 1, 'always');
    });
    expect(await refusalOf(always)).toBeInstanceOf(StoreUnavailable);
    expect(runs).toBe(2);
    expect(await count()).toBe(4);
  });

  it('never shows a row of a unit that is not committed', async () => {
    const seen = await store.run(async (unit) => {
      await unit.change(things.insert, 1, 'a');
      return { inside: await unit.one(things.find, 1), outside: await store.one(things.find, 1) };
    });
    expect(seen.inside).toMatchObject({ tag: 'a' });
    expect(seen.outside).toBeUndefined();
    expect(await count()).toBe(1);
  });

  it('changes nothing outside of a unit', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    expect(await refusalOf((async () => store.one(things.use, 1))())).toBeInstanceOf(Error);
    expect(await refusalOf((async () => store.all(things.use, 1))())).toBeInstanceOf(Error);
    expect(await store.one(things.find, 1)).toMatchObject({ use_count: 0 });
  });

  it('rolls back only the failing unit: the insert of another unit is kept', async () => {
    const results = await Promise.allSettled([
      store.run((unit) => unit.change(things.insert, 1, 'before')),
      store.run(async (unit) => {
        await unit.change(things.insert, 2, 'failing');
        throw new Error('no');
      }),
      store.run(
        async (unit) => void (await unit.manager.getRepository(Thing).insert({ ...thing, selector: 3, tag: 'after' })),
      ),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.all(things.all)).toEqual([{ tag: 'after' }, { tag: 'before' }]);
  });

  it('rejects with the error that a unit throws, or with the error of the engine for a constraint violation', async () => {
    const own = new Error('mine');
    expect(
      await refusalOf(
        store.run(() => {
          throw own;
        }),
      ),
    ).toBe(own);
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    const broken = await refusalOf(store.run((unit) => unit.change(things.insert, 2, 'a')));
    expect(broken).not.toBeInstanceOf(StoreUnavailable);
    expect(broken.message).toMatch(/unique/i);
  });

  it('lets one of 100 parallel conditional updates succeed', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    const changes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => store.run((unit) => unit.change(things.consume, 1, index))),
    );
    expect(changes.filter((changed) => changed === 1)).toHaveLength(1);
    expect(changes.filter((changed) => changed === 0)).toHaveLength(99);
  });

  it('counts changed rows and returns them with RETURNING', async () => {
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    expect(await store.run((unit) => unit.one(things.use, 1))).toEqual({ use_count: 1 });
    expect(await store.run((unit) => unit.change(things.use, 1))).toBe(1);
    expect(await store.run((unit) => unit.change(things.use, 9))).toBe(0);
    expect(await store.run((unit) => unit.all(things.use, 1))).toEqual([{ use_count: 3 }]);
  });

  it('supports numbered parameters, in any order and more than once', async () => {
    await store.run((unit) => unit.change(things.insert, 7, 'a'));
    expect(await store.one(things.crossed, 7, 'a')).toEqual({ tag: 'a' });
    expect(await store.run((unit) => unit.one(things.crossed, 8, 'a'))).toBeUndefined();
  });

  it('stores every type of column, with TypeORM and with named statements, alike on both engines', async () => {
    const selector = 2 ** 52 + 1;
    const row = {
      selector,
      tag: 'ü\u{1f511}',
      ownerId: 'o',
      consumedAt: 4_102_444_800,
      useCount: 2,
      isOpen: false,
      tagHash: Buffer.from([0, 255]),
      labelList: ['x'],
    };
    await store.run(async (unit) => void (await unit.manager.save(Thing, row)));
    expect(await store.reader.findOneBy(Thing, { selector })).toEqual(row);
    expect(await store.one(things.find, selector)).toEqual({
      selector,
      tag: row.tag,
      owner_id: 'o',
      consumed_at: 4_102_444_800,
      use_count: 2,
      is_open: 0,
      tag_hash: Buffer.from([0, 255]),
      labels: '["x"]',
    });
    expect(await store.reader.getRepository(Thing).sum('selector')).toBe(selector);
  });

  it('rejects values of the wrong type', async () => {
    const insert = (more: Partial<Thing>): Promise<unknown> =>
      store.run((unit) => unit.manager.insert(Thing, { ...thing, selector: 1, ...more }));
    expect((await refusalOf(insert({ consumedAt: 1.5 }))).message).toMatch('not a safe integer');
    expect((await refusalOf(insert({ labelList: ['x'.repeat(40)] }))).message).toMatch('40 are allowed');
    expect(await count()).toBe(0);
  });

  it('rolls back changes of TypeORM with their unit', async () => {
    await refusalOf(
      store.run(async (unit) => {
        await unit.manager.save(Thing, { ...thing, selector: 1 });
        await unit.manager.update(Thing, { selector: 1 }, { tag: 'b' });
        throw new Error('no');
      }),
    );
    expect(await count()).toBe(0);
  });

  it('opens no transaction inside a unit, and runs no statement that would end it', async () => {
    const texts = [
      'BEGIN',
      ' commit',
      '/* x */ ROLLBACK',
      '-- x\nSAVEPOINT a',
      'RELEASE unit',
      ';END',
      'PRAGMA user_version = 1',
      'SET a TO b',
    ];
    for (const text of texts) {
      const refused = await refusalOf(store.run((unit) => unit.manager.query(text)));
      expect(refused.message).toMatch('not inside a unit of work');
    }
    const nested = await refusalOf(store.run((unit) => unit.manager.transaction(() => Promise.resolve())));
    expect(nested.message).toMatch('a unit of work is the transaction');
  });

  it('rejects the use of a completed unit', async () => {
    let kept: Parameters<Parameters<OpenStore['run']>[0]>[0] | undefined;
    await store.run((unit) => {
      kept = unit;
      void unit.manager;
    });
    const later = kept;
    const late = async (): Promise<unknown> => later?.change(things.insert, 1, 'late');
    expect((await refusalOf(late())).message).toMatch('this unit of work is over');
    expect((await refusalOf(Promise.resolve(later?.manager.query('SELECT 1')))).message).toMatch(
      'this unit of work is over',
    );
    expect(await count()).toBe(0);
  });

  it('does not write through the reader', async () => {
    await expect(store.reader.insert(Thing, { ...thing, selector: 1 })).rejects.toThrow(/readonly|read-only/i);
    expect(await count()).toBe(0);
  });

  it('reports that it can be written, and rejects new units while it closes, after completing waiting ones', async () => {
    await store.checkWritable();
    const waiting = store.run((unit) => unit.change(things.insert, 1, 'a'));
    const closed = store.close();
    await expect(store.run(() => undefined)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await waiting).toBe(1);
    await closed;
    store = await openThings(url);
    expect(await count()).toBe(1);
  });

  it('matches its entities after the migrations', async () => {
    expect(await schemaDifferences(store.dataSource)).toEqual([]);
  });

  it('reports differences', async () => {
    await store.run((unit) => unit.manager.query('ALTER TABLE things ADD COLUMN surplus integer'));
    await store.run((unit) => unit.manager.query('ALTER TABLE things RENAME COLUMN owner_id TO proprietor_id'));
    const found = (await schemaDifferences(store.dataSource)).join('\n');
    expect(found).toMatch('things.surplus');
    expect(found).toMatch('things.owner_id');
    expect(found).toMatch('things.proprietor_id');
  });
});
