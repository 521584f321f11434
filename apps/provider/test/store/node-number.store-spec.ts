import { openStore, type OpenStore } from '@gatehouse/platform/database/open-store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { SystemClock } from '@gatehouse/platform/clock';
import { loadSettings, type LoadedSettings } from '../../src/config/settings';
import { entities, migrations } from '../../src/schema';
import { GeneratorId } from '../../src/database/generator-id';
import { GeneratorIdRenewal } from '../../src/jobs/generator-id-renewal.service';
import { createApp } from '../../src/server/application';
import { logOf, prepareDatabase } from '../../src/server/server';
import { engines } from '../support/engines';

// Each makes the whole schema, one of them keys too.
jest.setTimeout(60_000);

describe.each(engines)('node numbers on %s', (_name, makeEngine) => {
  const engine = makeEngine();
  let url: string;
  let store: OpenStore;

  beforeAll(() => engine.start(), 60_000);
  afterAll(() => engine.stop(), 30_000);
  beforeEach(async () => {
    url = await engine.migratedUrl();
    store = await openStore({ url, entities, migrations, migrate: 'auto' });
  });
  afterEach(() => store.close());

  const settings = (): LoadedSettings =>
    loadSettings({
      GATEHOUSE_DATABASE_URL: url,
      GATEHOUSE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
      GATEHOUSE_LOG_LEVEL: 'silent',
    });
  const change = (text: string): Promise<void> => store.run(async (unit) => void (await unit.manager.query(text)));

  it('are never given to two processes, however many start at once', async () => {
    const other = await openStore({ url, entities, migrations, migrate: 'off' });
    const nodes = await Promise.all(
      Array.from({ length: 40 }, (_, index) => GeneratorId.lease(index % 2 ? store : other)),
    );
    expect(new Set(nodes.map(({ value }) => value)).size).toBe(40);
    for (const { value } of nodes) expect(value >= 1024 && value < 2048).toBe(true);
    await other.close();
  });

  it('are not taken from a process that lives, however often others start, and are rejected when none is free', async () => {
    const living = await GeneratorId.lease(store);
    // Every other number but one is held by a process that crashed a moment ago.
    const free = living.value === 1500 ? 1501 : 1500;
    const others = Array.from({ length: 1024 }, (_, index) => 1024 + index).filter(
      (number) => number !== living.value && number !== free,
    );
    const rows = others.map((number) => `('node/${number}', 'x', 99999999999)`).join(', ');
    await change(`INSERT INTO leases (name, holder, expires_at) VALUES ${rows}`);
    const next = await GeneratorId.lease(store);
    expect(next.value).toBe(free);
    await expect(GeneratorId.lease(store)).rejects.toThrow('no generator id is free');
    await change(`UPDATE leases SET expires_at = 1 WHERE name IN ('node/1400', 'node/1401') AND holder = 'x'`);
    const late = await GeneratorId.lease(store);
    expect([1400, 1401]).toContain(late.value);
    expect(await living.renew()).toBe(living.value);
  });

  it('are not those that processes of the version before drew, or draw next, from their counter', async () => {
    // Near its end the numbers wrap.
    const drawn = 5 * 1024 + 1000;
    await change(`INSERT INTO counters (name, value) VALUES ('node', ${drawn})`);
    const theirs = Array.from({ length: 128 }, (_, index) => 1024 + ((drawn - 63 + index) % 1024));
    const others = Array.from({ length: 1024 }, (_, index) => 1024 + index).filter((each) => !theirs.includes(each));
    const rows = others.slice(1).map((number) => `('node/${number}', 'x', 99999999999)`);
    await change(`INSERT INTO leases (name, holder, expires_at) VALUES ${rows.join(', ')}`);
    expect((await GeneratorId.lease(store)).value).toBe(others[0]);
    await expect(GeneratorId.lease(store)).rejects.toThrow('no generator id is free');
  });

  it('are given up by a process that lost its own, whose selectors go on under another', async () => {
    const paused = await GeneratorId.lease(store);
    const lost = paused.value;
    const selectors = new SelectorSource(lost);
    await change(`UPDATE leases SET holder = 'another' WHERE name = 'node/${lost}'`);
    const number = await paused.renew();
    expect(number).not.toBe(lost);
    expect(await paused.renew()).toBe(number);
    selectors.useNode(number);
    expect(selectors.next() % 2048).toBe(number);
  });

  it('are renewed by a server process, which leases another one if its own was lost', async () => {
    const app = await createApp({ settings: settings(), store, clock: new SystemClock(), log: logOf(settings()) });
    try {
      await app.init();
      const generatorId = app.get(GeneratorId);
      const lost = generatorId.value;
      await change(`UPDATE leases SET holder = 'another' WHERE name = 'node/${lost}'`);
      await app.get(GeneratorIdRenewal).renew();
      expect(generatorId.value).not.toBe(lost);
      expect(app.get(SelectorSource).next() % 2048).toBe(generatorId.value);
    } finally {
      await app.close();
    }
  });

  it('are not used up by preparing a database', async () => {
    await prepareDatabase(settings());
    expect(await store.reader.query(`SELECT name FROM leases WHERE name LIKE 'node/%'`)).toEqual([]);
  });
});
