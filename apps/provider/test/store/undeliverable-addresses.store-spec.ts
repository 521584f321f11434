import { statement } from '@gatehouse/platform/database/store';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { SETTINGS } from '../../src/config/settings.token';
import type { Settings } from '../../src/config/settings';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

const setEmail = statement('test.set_email', 'UPDATE users SET email = $1 WHERE id = $2');

describe.each(engines)('stored addresses that no mail is sent to, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({ databaseUrl: await engine.migratedUrl() });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  const doctor = () =>
    runCheck('e-mail addresses', {
      app: provider.app,
      settings: provider.app.get<Settings>(SETTINGS),
      now: provider.clock.now(),
    });

  it('are counted by doctor, which names their accounts', async () => {
    await provider.addUser({ username: 'ada', email: 'ada@example.org' });
    await provider.addUser({ username: 'no-address' });
    expect(await doctor()).toMatchObject({ state: 'ok' });

    // As an earlier version accepted them.
    for (const [index, email] of ['two@example.org,one@example.org', 'Ada <ada@example.org>'].entries()) {
      const { id } = await provider.addUser({ username: `old-${index}`, email: `old-${index}@example.org` });
      await provider.store.run((unit) => unit.change(setEmail, email, id));
    }
    const { state, message: says } = await doctor();
    expect(state).toBe('warning');
    expect(says).toMatch(/^no mail, including security notices, is sent to the invalid addresses of 2 accounts/);
    for (const part of ['old-0', 'old-1', 'user update --username U --email E']) expect(says).toContain(part);
    expect(says).not.toContain('ada');
  });
});
