import { statement, StoreUnavailable } from '../../src/database/store.js';
import { administer, startDurable } from '../support/postgres.js';
import { openThings, refusalOf, things, turns } from './fixtures.js';

const own = statement('test.commit', `SELECT current_setting('synchronous_commit') AS mode`);

describe('a PostgreSQL that may lose commits', () => {
  let server: Awaited<ReturnType<typeof startDurable>>;

  beforeAll(async () => {
    server = await startDurable();
  }, 60_000);
  afterAll(() => server.stop(), 30_000);
  afterEach(() => configure('RESET ALL'));

  /** Changes postgresql.auto.conf and waits until active sessions have read it. */
  async function configure(change: string): Promise<void> {
    await administer(server.url, `ALTER SYSTEM ${change}`);
    await administer(server.url, 'SELECT pg_reload_conf()');
    await turns(200);
  }

  it.each(['fsync', 'synchronous_commit'])(
    'is not opened while %s is off, and the message says so',
    async (setting) => {
      await configure(`SET ${setting} = off`);
      expect((await refusalOf(openThings(server.url))).message).toContain(`${setting}=off`);
      await (await openThings(`${server.url}?durability=unchecked`)).close();
    },
  );

  it.each(['fsync', 'synchronous_commit'])(
    'is noticed when %s is turned off later, and no connection is made to it any more',
    async (setting) => {
      const store = await openThings(server.url);
      await store.checkDurable();
      await configure(`SET ${setting} = off`);
      await expect(store.checkDurable()).rejects.toThrow(`${setting}=off`);
      // The open connection, and one more.
      const results = await Promise.allSettled([1, 2].map(() => store.run((unit) => unit.one(things.find, 1))));
      const refused = results.find(({ status }) => status === 'rejected');
      expect(refused).toMatchObject({ reason: expect.any(StoreUnavailable) });
      expect(refused).toMatchObject({ reason: { message: expect.stringContaining(`${setting}=off`) as unknown } });
      await configure('RESET ALL');
      await store.checkDurable();
      await Promise.all([1, 2].map(() => store.run((unit) => unit.one(things.find, 1))));
      await store.close();
    },
  );

  it('keeps the value of synchronous_commit with which a connection was checked', async () => {
    const store = await openThings(server.url, { connections: 2 });
    await store.run((unit) => unit.one(things.find, 1));
    await configure('SET synchronous_commit = off');
    expect(await store.run((unit) => unit.one(own))).toEqual({ mode: 'on' });
    await store.close();
  });
});
