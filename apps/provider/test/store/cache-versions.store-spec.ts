import { withPostgres } from '../../../../libs/platform/test/support/postgres';
import { openWire } from '../../../../libs/platform/test/support/wire';
import { CacheVersions } from '../../src/database/cache-versions.service';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(60_000);

/** The milliseconds until the process drops what it keeps of clients, after `change`. */
async function told(provider: TestProvider, change: () => Promise<unknown>): Promise<number> {
  const cleared = new Promise<void>((resolve) => provider.app.get(CacheVersions).onChange('clients', resolve));
  await change();
  const began = Date.now();
  await cleared;
  return Date.now() - began;
}

describe.each(engines)('a change made by another process on %s', (name, engineOf) => {
  const engine = engineOf();
  let one: TestProvider;
  let other: TestProvider;
  let url: string;
  const sibling = (databaseUrl: string): Promise<TestProvider> =>
    startProvider({ databaseUrl, env: { GATEHOUSE_SECRET_KEY: one.secretKey } });

  /** As a service does it, in the unit that changes a client. A new one is no change: nobody keeps that there is none. */
  const changed = (): Promise<unknown> => one.store.run((unit) => one.app.get(CacheVersions).bump(unit, 'clients'));

  beforeAll(async () => {
    await engine.start();
    url = await engine.migratedUrl();
    one = await startProvider({ databaseUrl: url });
    other = await sibling(url);
  });
  afterAll(async () => {
    await other.close();
    await one.close();
    await engine.stop();
  });

  it('is known within a second', async () => {
    for (let round = 0; round < 5; round++) expect(await told(other, changed)).toBeLessThan(1000);
  });

  if (withPostgres && name === 'PostgreSQL') {
    it('is known by what the database says, long before the next look', async () => {
      const times: number[] = [];
      for (let round = 0; round < 15; round++) times.push(await told(other, changed));
      // Looks alone come twice a second: half of all changes would wait for a quarter of a second and longer.
      expect(times.sort((a, b) => a - b)[10]).toBeLessThan(200);
    });

    it('is known within a second of the connection coming back', async () => {
      const wire = await openWire(url);
      const far = await sibling(wire.url);
      await told(far, changed);
      await wire.cut();
      const missed = told(far, changed);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const began = Date.now();
      await wire.mend();
      await missed;
      expect(Date.now() - began).toBeLessThan(1500);
      await far.close();
      await wire.cut();
    });
  }
});
