import { RejectedForms } from '../../src/audit/rejected-forms.service';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { SETTINGS } from '../../src/config/settings.token';
import type { Settings } from '../../src/config/settings';
import { send } from '../support/browser';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

describe.each(engines)('forms that are rejected for their origin, on %s', (_name, engineOf) => {
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
    runCheck('forms', { app: provider.app, settings: provider.app.get<Settings>(SETTINGS), now: provider.clock.now() });
  const sendForm = (headers: Readonly<Record<string, string>>) =>
    send(`${provider.base}/login`, {
      method: 'POST',
      headers: { Accept: 'text/html', 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: 'username=x',
    });

  it('are counted by what is wrong, and doctor says what to set; a week later they are forgotten', async () => {
    expect(await doctor()).toMatchObject({ state: 'ok' });
    const { port } = new URL(provider.issuer);
    for (const headers of [
      { Origin: 'http://login.example', 'Sec-Fetch-Site': 'same-origin' },
      { Origin: `http://localhost:${port}`, Host: `localhost:${port}` },
      { Origin: `https://127.0.0.1:${port}`, 'Sec-Fetch-Site': 'same-origin' },
      {},
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'null' },
      { Origin: 'https://evil.example', Host: 'login.example' },
    ] as Record<string, string>[])
      expect((await sendForm(headers)).status).toBe(403);
    await provider.app.get(RejectedForms).flush();
    expect(await provider.app.get(RejectedForms).counts(provider.clock.now())).toEqual([
      { reason: 'foreign', count: 3 },
      { reason: 'host', count: 2 },
      { reason: 'missing', count: 1 },
      { reason: 'scheme-or-port', count: 1 },
    ]);
    const { state, message: says } = await doctor();
    expect(state).toBe('warning');
    for (const part of ['2 on pages opened at another host', 'GATEHOUSE_ISSUER', '1 without Origin'])
      expect(says).toContain(part);

    provider.clock.advance(7 * 24 * 3600);
    expect(await doctor()).toMatchObject({ state: 'ok' });
    const gone = await provider.store.run((unit) =>
      provider.app.get(RejectedForms).purgeExpired(unit, provider.clock.now()),
    );
    expect(gone).toBe(4);
  });

  it('add up in one row for each reason and hour, however many come', async () => {
    const refusals = provider.app.get(RejectedForms);
    for (let round = 0; round < 3; round++) {
      for (let each = 0; each < 1000; each++) refusals.note('foreign');
      await refusals.flush();
    }
    expect(await refusals.counts(provider.clock.now())).toEqual([{ reason: 'foreign', count: 3000 }]);
  });
});
