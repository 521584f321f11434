import { administer, startDurable, withPostgres } from '../../../../libs/platform/test/support/postgres';
import { runCheck, type Finding } from '../../src/diagnostics/diagnostics';
import { loadSettings } from '../../src/config/settings';
import { send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

(withPostgres ? describe : describe.skip)('a PostgreSQL whose fsync is turned off', () => {
  let server: Awaited<ReturnType<typeof startDurable>>;
  let provider: TestProvider;

  beforeAll(async () => {
    server = await startDurable();
    provider = await startProvider({ databaseUrl: server.url });
  }, 60_000);
  afterAll(async () => {
    await provider.close();
    await server.stop();
  }, 30_000);

  const configure = async (change: string): Promise<void> => {
    await administer(server.url, `ALTER SYSTEM ${change}`);
    await administer(server.url, 'SELECT pg_reload_conf()');
    await new Promise((resolve) => setTimeout(resolve, 300));
  };
  const found = (url = server.url): Promise<Finding> =>
    runCheck('durability', {
      app: provider.app,
      settings: loadSettings({ GATEHOUSE_DATABASE_URL: url, GATEHOUSE_SECRET_KEY: provider.secretKey }),
      now: provider.clock.now(),
    });
  const ready = async (): Promise<unknown> => (await send(`${provider.issuer}/readyz`)).json();

  it('is said by /readyz, the log and doctor, until it is on again', async () => {
    expect(await ready()).toMatchObject({ status: 'ok', checks: { durability: true } });
    expect(await found()).toMatchObject({ state: 'ok' });
    expect(await found(`${server.url}?durability=unchecked`)).toMatchObject({ state: 'warning' });

    await configure('SET fsync = off');
    for (let probe = 0; probe < 3; probe += 1)
      expect(await ready()).toMatchObject({ status: 'unavailable', checks: { durability: false } });
    expect(await found()).toEqual({ state: 'error', message: expect.stringContaining('fsync=off') as unknown });
    expect(provider.scan.text.split('\n').filter((line) => line.includes('"not ready"'))).toHaveLength(1);
    expect(provider.scan.text).toContain('fsync=off');

    await configure('RESET fsync');
    expect(await ready()).toMatchObject({ status: 'ok', checks: { durability: true } });
    expect(provider.scan.text).toContain('ready again');
  });
});
