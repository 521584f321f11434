import { runCheck } from '../../src/diagnostics/diagnostics';
import { SETTINGS } from '../../src/config/settings.token';
import type { Settings } from '../../src/config/settings';
import { ClientsService } from '../../src/clients/clients.service';
import { LogoutFailures } from '../../src/clients/logout-failures.service';
import { Outbox } from '../../src/outbox/outbox.service';
import { engines } from '../support/engines';
import { eventually } from '../support/eventually';
import { startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens, type Registered } from '../support/tokens';
import { changeClient } from '../support/client-changes';
import { DeleteClient } from '../../src/clients/operations/delete-client';

jest.setTimeout(120_000);

describe.each(engines)('back-channel logouts that do not arrive, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let receiver: LogoutReceiver;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    provider = await startProvider({ databaseUrl, env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' } });
    receiver = await startLogoutReceiver();
  });
  afterAll(async () => {
    await provider.close();
    await receiver.close();
    await engine.stop();
  });

  const addClient = (backchannelLogoutUri: string): Promise<Registered> =>
    provider.addClient({ consentRequired: false, backchannelLogoutUri });
  async function signInAndOut(registered: Registered): Promise<void> {
    const browser = await provider.logIn(await provider.addUser());
    await obtainTokens(provider, browser, registered);
    await browser.open(`${provider.base}/logout`);
    await browser.submit({ logout: 'yes' });
  }
  const failureOf = async ({ client }: Registered): ReturnType<LogoutFailures['find']> => {
    const now = await provider.app.get(ClientsService).find(client.id);
    return now && provider.app.get(LogoutFailures).find(now, provider.clock.now());
  };
  const failed = (registered: Registered, times: number): ReturnType<LogoutFailures['find']> =>
    eventually(
      () => failureOf(registered),
      (failure) => (failure?.failures ?? 0) >= times,
    );
  async function pageOf({ client }: Registered): Promise<string> {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    return (await admin.open(`${provider.base}/client/update/${client.id}`)).text;
  }
  const doctor = (name: 'back-channel logout' | 'mail queue'): ReturnType<typeof runCheck> =>
    runCheck(name, {
      app: provider.app,
      settings: provider.app.get<Settings>(SETTINGS),
      now: provider.clock.now(),
    });

  it('are sent again while that may help, shown at the client and by doctor, and forgotten when one arrives', async () => {
    receiver.answer = () => 503;
    const registered = await addClient(`${receiver.origin}/down`);
    expect(await pageOf(registered)).not.toContain('Back-channel logouts don’t reach this application');
    await signInAndOut(registered);
    const host = new URL(receiver.origin).host;
    expect(await failed(registered, 1)).toMatchObject({
      host,
      reason: 'status 503',
      retried: true,
      failures: 1,
      firstFailedAt: provider.clock.now(),
    });
    provider.clock.advance(10);
    expect(await failed(registered, 2)).toMatchObject({ failures: 2, lastFailedAt: provider.clock.now() });
    const page = await pageOf(registered);
    expect(page).toContain('Back-channel logouts don’t reach this application');
    expect(page).toMatch(new RegExp(`2 attempts at <code>${host}</code> failed.*<code>status 503</code>`));
    expect(page).toContain('It is retried automatically.');
    const finding = await doctor('back-channel logout');
    expect(finding.state).toBe('warning');
    expect(finding.message).toContain(
      `1 logouts wait, 0 were given up. Not reached: ${registered.client.id} at ${host}`,
    );
    expect(await doctor('mail queue')).toEqual({ state: 'ok', message: '0 messages wait' });

    receiver.answer = () => 200;
    provider.clock.advance(600);
    await eventually(
      () => failureOf(registered),
      (failure) => failure === undefined,
    );
    const well = await eventually(
      () => doctor('back-channel logout'),
      ({ message: says }) => says.startsWith('0 logouts wait'),
    );
    expect(well).toEqual({ state: 'ok', message: '0 logouts wait, 0 were given up' });
    expect(await pageOf(registered)).not.toContain('Back-channel logouts don’t reach this application');
  });

  it('are reported and not sent again where the address is forbidden; another address of the client starts anew', async () => {
    const registered = await addClient('https://10.1.2.3/logout');
    await signInAndOut(registered);
    expect(await failed(registered, 1)).toMatchObject({
      host: '10.1.2.3',
      reason: 'not allowed: address',
      retried: false,
    });
    provider.clock.advance(3600);
    expect(await pageOf(registered)).toContain('It is not retried automatically');
    const given = (): ReturnType<Outbox['backlog']> => provider.app.get(Outbox).backlog();
    expect(await eventually(given, ({ failed: count }) => count === 1)).toMatchObject({ waiting: 0, failed: 1 });
    expect((await doctor('back-channel logout')).message).toContain('not allowed: address; 1 failed');
    expect((await doctor('mail queue')).state).toBe('ok');

    await changeClient(provider, registered.client.id, { backchannelLogoutUri: `${receiver.origin}/new` });
    await eventually(
      () => failureOf(registered),
      (failure) => failure === undefined,
    );
  });

  it('go with their client', async () => {
    const registered = await addClient('https://10.1.2.4/logout');
    await signInAndOut(registered);
    await failed(registered, 1);
    await provider.execute(DeleteClient, { id: registered.client.id });
    const left = await provider.app.get(LogoutFailures).list(100, provider.clock.now());
    expect(left.map(({ clientId }) => clientId)).not.toContain(registered.client.id);
  });
});
