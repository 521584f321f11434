import { statement } from '@gatehouse/platform/database/store';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { ReplayCache } from '../../src/replay/replay-cache.service';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';
import { purge } from '../support/tokens';

jest.setTimeout(120_000);

const count = statement('test.count_spent_ids', 'SELECT count(*) AS n FROM spent_ids');

describe.each(engines)('ids that may be used once, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let other: TestProvider;
  let now: EpochSeconds;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    provider = await startProvider({ databaseUrl });
    // A second process' worth of everything, on the same database.
    other = await startProvider({ databaseUrl, env: { GATEHOUSE_SECRET_KEY: provider.secretKey } });
    now = provider.clock.now();
  });
  afterAll(async () => {
    await other.close();
    await provider.close();
    await engine.stop();
  });

  const spend = (at: TestProvider, issuer: string, jti: string, lifetime = 60, later = 0): Promise<boolean> =>
    at.store.run((unit) =>
      at.app.get(ReplayCache).use(unit, issuer, jti, addSeconds(now, later + lifetime), addSeconds(now, later)),
    );

  it('100 at once, over two stores: exactly one is first (RFC 7523 3)', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_each, index) => spend(index % 2 === 0 ? provider : other, 'client', 'same')),
    );
    expect(answers.filter((first) => first)).toHaveLength(1);
    expect(await spend(other, 'client', 'same')).toBe(false);
  });

  it('100 different ones at once are all first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_each, index) => spend(provider, 'client', `id ${index}`)),
    );
    expect(answers).toEqual(Array(100).fill(true));
  });

  it('the same id of another issuer is another id, however the two are cut', async () => {
    expect(await spend(provider, 'a', 'bc')).toBe(true);
    expect(await spend(provider, 'ab', 'c')).toBe(true);
    expect(await spend(provider, 'a', 'bc')).toBe(false);
  });

  it('an id is free again when what carried it has expired, purged or not', async () => {
    expect(await spend(provider, 'client', 'expires', 60)).toBe(true);
    expect(await spend(provider, 'client', 'expires', 60, 59)).toBe(false);
    expect(await spend(provider, 'client', 'expires', 60, 60)).toBe(true);
    expect(await spend(provider, 'client', 'expires', 60, 119)).toBe(false);
  });

  it('takes any text and any length', async () => {
    for (const jti of ['\u0000', 'ä'.repeat(5000), "'; --", ' '])
      expect([await spend(provider, 'client', jti), await spend(other, 'client', jti)]).toEqual([true, false]);
  });

  it('is purged when it has expired, and not before', async () => {
    const before = Number((await provider.store.one<{ n: number }>(count))?.n);
    expect(before).toBeGreaterThan(100);
    await purge(provider);
    expect(Number((await provider.store.one<{ n: number }>(count))?.n)).toBe(before);
    provider.clock.advance(200);
    await purge(provider);
    expect(Number((await provider.store.one<{ n: number }>(count))?.n)).toBe(0);
  });
});
