import { openSource } from '@gatehouse/platform/database/open-store';
import { statement } from '@gatehouse/platform/database/store';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { loadSettings, type Settings } from '../../src/config/settings';
import { SETTINGS } from '../../src/config/settings.token';
import { entities, migrations } from '../../src/schema';
import { RecordedIssuer1795950000741 } from '../../src/database/migrations/20261129-recorded-issuer';
import { RecordedIssuer } from '../../src/database/recorded-issuer.service';
import { prepareDatabase } from '../../src/server/server';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

describe.each(engines)('the issuer that a database was made with, on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  const secretKey = Buffer.alloc(32, 5).toString('base64url');
  async function withIssuer<T>(url: string, issuer: string, act: (provider: TestProvider) => Promise<T>): Promise<T> {
    const provider = await startProvider({
      databaseUrl: url,
      env: { GATEHOUSE_ISSUER: issuer, GATEHOUSE_SECRET_KEY: secretKey, GATEHOUSE_HOST: '127.0.0.1' },
    });
    try {
      await provider.app.get(RecordedIssuer).record(provider.clock.now());
      return await act(provider);
    } finally {
      await provider.close();
    }
  }
  const finding = (provider: TestProvider) =>
    runCheck('recorded issuer', {
      app: provider.app,
      settings: provider.app.get<Settings>(SETTINGS),
      now: provider.clock.now(),
    });
  /** The state of a database that was in use before issuers were recorded. */
  async function forget(url: string): Promise<void> {
    const source = await openSource({ url, entities, migrations });
    const runner = source.createQueryRunner();
    const step = new RecordedIssuer1795950000741();
    await step.down(runner);
    await step.up(runner);
    await runner.release();
    await source.destroy();
  }

  it('is recorded by the first start; another one is warned of until it is accepted', async () => {
    const url = await engine.freshUrl();
    const [first, second] = [`http://localhost:${await freePort()}`, 'https://login.example.test'];
    await withIssuer(url, first, async (provider) => expect(await finding(provider)).toMatchObject({ state: 'ok' }));
    await withIssuer(url, second, async (provider) => {
      const { state, message: says } = await finding(provider);
      expect(state).toBe('warning');
      for (const part of [first, second, 'passkeys added at localhost', `GATEHOUSE_ISSUER=${first}`, 'accept-issuer'])
        expect(says).toContain(part);
      await provider.store.run((unit) => provider.app.get(RecordedIssuer).accept(unit, provider.clock.now()));
      expect(await finding(provider)).toMatchObject({ state: 'ok' });
    });
    await withIssuer(url, first, async (provider) => expect((await finding(provider)).message).toContain(second));
  });

  it('is what the start warns of, in a line for the terminal', async () => {
    const url = await engine.freshUrl();
    const start = (GATEHOUSE_ISSUER: string) =>
      prepareDatabase(
        loadSettings({
          GATEHOUSE_ISSUER,
          GATEHOUSE_DATABASE_URL: url,
          GATEHOUSE_SECRET_KEY: secretKey,
          GATEHOUSE_ADMIN_PASSWORD: 'a gate needs its keeper',
          GATEHOUSE_LOG_LEVEL: 'silent',
        }),
      );
    expect(await start('http://127.0.0.1:5000')).toEqual([]);
    expect(await start('http://localhost:5000')).toEqual([
      expect.stringMatching(/^warning: .*http:\/\/127\.0\.0\.1:5000/) as unknown,
    ]);
  });

  it('of a database from before the record was the default of then, where the default of now would be it', async () => {
    const url = await engine.freshUrl();
    const port = await freePort();
    await withIssuer(url, `http://localhost:${port}`, () => Promise.resolve());
    await forget(url);
    await withIssuer(url, `http://localhost:${port}`, async (provider) => {
      const { state, message: says } = await finding(provider);
      expect(state).toBe('warning');
      expect(says).toContain(`GATEHOUSE_ISSUER=http://127.0.0.1:${port}`);
      expect(says).not.toContain('passkeys');
    });
  });

  it('of a database from before the record was localhost where someone has a passkey, and any other name as it is', async () => {
    const url = await engine.freshUrl();
    const issuer = `http://localhost:${await freePort()}`;
    await withIssuer(url, issuer, async (provider) => {
      const { id } = await provider.addUser();
      const insert = statement(
        'test.passkey',
        `INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, name, is_synced, created_at)
         VALUES ('1', $1, 'c', $2, 0, '[]', 'Laptop', 0, 1)`,
      );
      await provider.store.run((unit) => unit.change(insert, id, Buffer.from('key')));
    });
    await forget(url);
    await withIssuer(url, issuer, async (provider) => expect(await finding(provider)).toMatchObject({ state: 'ok' }));
    await forget(url);
    await withIssuer(url, 'https://login.example.test', async (provider) =>
      expect(await finding(provider)).toMatchObject({ state: 'ok' }),
    );
  });
});
