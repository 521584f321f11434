import { statement } from '@gatehouse/platform/database/store';
import { Outbox } from '../../src/outbox/outbox.service';
import { adminApi, callerOf } from '../support/admin-api';
import { Browser } from '../support/browser';
import { eventually } from '../support/eventually';
import { addApp, giveFactor, givePassword } from '../support/factors';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

interface Row {
  readonly actor_id: string | null;
  readonly subject_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly details: string;
}

const ofType = statement(
  'test.audit_events_of_type',
  'SELECT actor_id, subject_id, address, request_id, details FROM audit_events WHERE type = $1 ORDER BY selector',
);
const password = 'a phrase for a test';

let provider: TestProvider;
beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_LOGIN_FAILURES: '3/900' } })));
afterAll(() => provider.close());

const at = (path: string): string => `${provider.base}${path}`;
const ours = (): { headers: Record<string, string> } => ({ headers: { Origin: provider.issuer } });
const events = (type: string): Promise<Row[]> | Row[] => provider.store.all<Row>(ofType, type);
const refusedOf = async (userId: string): Promise<Row[]> =>
  (await events('access.denied')).filter((row) => row.actor_id === userId);

describe('rejected access', () => {
  it('is recorded with who, from where, what and by which rule', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    expect((await browser.open(at('/user?search=secret'))).status).toBe(403);
    const [row] = await eventually(
      () => refusedOf(user.id),
      (rows) => rows.length === 1,
    );
    expect(row).toMatchObject({ address: '127.0.0.1', request_id: expect.stringMatching(/./) as string });
    expect(JSON.parse(row?.details ?? '')).toEqual({ reason: 'page.forbidden', method: 'GET', path: '/user' });
  });

  it('is recorded of auditors who try to change something, and of developers at the clients of others', async () => {
    const auditor = await provider.addUser({ roles: ['auditor'] });
    const watching = await provider.logIn(auditor);
    await watching.open(at('/message'));
    await watching.submit({ action: 'retry-failed' }, { ...ours(), action: '/message' });
    const developer = await provider.addUser({ roles: ['developer'] });
    const { client } = await provider.addClient();
    const developing = await provider.logIn(developer);
    expect((await developing.open(at(`/client/update/${client.id}`))).status).toBe(403);
    for (const [id, reason] of [
      [auditor.id, 'page.auditor'],
      [developer.id, 'page.forbidden'],
    ] as const) {
      const [row] = await eventually(
        () => refusedOf(id),
        (rows) => rows.length === 1,
      );
      expect(JSON.parse(row?.details ?? '')).toMatchObject({ reason });
    }
  });

  it('is recorded at the API for people, with the client, and not for clients that act for themselves', async () => {
    const client = await provider.addClient({ scope: ['openid', 'gatehouse:read'] });
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const { access_token: token } = await obtainTokens(provider, browser, client, { scope: 'openid gatehouse:read' });
    expect((await callerOf(provider, token).call('GET', 'users')).status).toBe(403);
    const [row] = await eventually(
      () => refusedOf(user.id),
      (rows) => rows.length === 1,
    );
    expect(JSON.parse(row?.details ?? '')).toEqual({
      reason: 'api.role',
      method: 'GET',
      path: '/api/admin/v1/users',
      via_client: client.client.id,
    });
    const before = (await events('access.denied')).length;
    expect((await (await adminApi(provider, 'gatehouse:read')).call('POST', 'users', {})).status).toBe(403);
    const other = await provider.addUser();
    await (await provider.logIn(other)).open(at('/user'));
    await eventually(
      () => refusedOf(other.id),
      (rows) => rows.length === 1,
    );
    expect(await events('access.denied')).toHaveLength(before + 1);
  });

  it('records at most twenty events per account in fifteen minutes, and none without an account', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    for (let n = 0; n < 25; n++) expect((await browser.open(at('/user'))).status).toBe(403);
    expect(
      await eventually(
        () => refusedOf(user.id),
        (rows) => rows.length >= 20,
      ),
    ).toHaveLength(20);
    const before = (await events('access.denied')).length;
    await new Browser().open(at('/user'));
    provider.clock.advance(901);
    await browser.open(at('/user'));
    expect(
      await eventually(
        () => refusedOf(user.id),
        (rows) => rows.length > 20,
      ),
    ).toHaveLength(21);
    expect(await events('access.denied')).toHaveLength(before + 1);
  });
});

describe('a throttled sign-in', () => {
  const throttledOf = async (userId: string | null): Promise<Row[]> =>
    (await events('login.throttled')).filter((row) => row.subject_id === userId);

  async function guess(username: string, times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      const stranger = new Browser();
      await stranger.open(at('/login'));
      await stranger.submit({ username, password: 'wrong' }, { ...ours(), action: '/login' });
    }
  }

  it('is recorded once for an account and an address in a window, whether or not there is the account', async () => {
    const user = await provider.addUser({ password });
    await guess(user.username, 3);
    expect(await throttledOf(user.id)).toEqual([]);
    await guess(user.username, 3);
    expect(await throttledOf(user.id)).toMatchObject([
      { actor_id: null, address: '127.0.0.1', details: JSON.stringify({ limit: 'account and address' }) },
    ]);
    await guess('nobody at all', 6);
    expect(await throttledOf(null)).toHaveLength(1);
    provider.clock.advance(901);
    await guess(user.username, 5);
    expect(await throttledOf(user.id)).toHaveLength(2);
  });

  it('is recorded for second factors, too', async () => {
    provider.clock.advance(901);
    const user = await provider.addUser({ password });
    await addApp(provider, await provider.logIn(user));
    const browser = new Browser();
    await givePassword(provider, user, browser);
    for (let n = 0; n < 6; n++) await giveFactor(browser, { otp: '000000' });
    expect(await throttledOf(user.id)).toHaveLength(1);
  });
});

describe('a wrong current password', () => {
  it('is recorded at the change of the password and at the removal of the last factor', async () => {
    provider.clock.advance(901);
    const user = await provider.addUser({ password });
    const browser = await provider.logIn(user);
    await browser.open(at('/account'));
    await browser.submit(
      { action: 'password', currentPassword: 'not this one', newPassword: 'quite another phrase' },
      { ...ours(), action: '/account' },
    );
    await addApp(provider, browser);
    await browser.open(at('/account/factors/remove?factor=totp'));
    await browser.submit({ password: 'nor this one' }, { ...ours(), action: '/account/factors/remove' });
    const rows = (await events('user.password_wrong')).filter((row) => row.subject_id === user.id);
    expect(rows).toMatchObject([
      { actor_id: user.id, address: '127.0.0.1', details: JSON.stringify({ for: 'password change' }) },
      { actor_id: user.id, details: JSON.stringify({ for: 'factor removal' }) },
    ]);
    // The person sees it in their own security log.
    expect((await browser.open(at('/account/security'))).text).toContain('A wrong current password was entered');
  });
});

describe('what is read and sent again', () => {
  it('an export of the audit log is recorded with its filter; reading it by the API, once an hour', async () => {
    const client = await provider.addClient({ scope: ['openid', 'gatehouse:read'] });
    const admin = await provider.addUser({ roles: ['admin'] });
    const browser = await provider.logIn(admin);
    const { access_token: token } = await obtainTokens(provider, browser, client, { scope: 'openid gatehouse:read' });
    const mine = async (type: string): Promise<Record<string, unknown>[]> =>
      (await events(type))
        .filter((row) => row.actor_id === admin.id)
        .map(({ details }) => JSON.parse(details) as Record<string, unknown>);
    expect((await browser.open(at('/audit'))).status).toBe(200);
    expect(await mine('audit.exported')).toEqual([]);
    expect((await browser.open(at('/audit/export?type=logout'))).status).toBe(200);
    expect(await mine('audit.exported')).toEqual([{ by: 'page', events: 0, type: 'logout' }]);
    for (let n = 0; n < 3; n++) expect((await callerOf(provider, token).call('GET', 'audit-events')).status).toBe(200);
    expect(await mine('audit.read')).toEqual([{ via_client: client.client.id }]);
    provider.clock.advance(3601);
  });

  it('a message that is sent again is recorded, one by one or all at once', async () => {
    const outbox = provider.app.get(Outbox);
    outbox.register({
      name: 'test',
      lifetimeSeconds: 3600,
      maxAttempts: 1,
      maxAtOnce: 1,
      deliver: () => Promise.resolve({ outcome: 'give up', reason: 'test' }),
    });
    for (let n = 0; n < 2; n++)
      await provider.store.run((unit) =>
        outbox.add(unit, { kind: 'test', destination: 'test', payload: {} }, provider.clock.now()),
      );
    const failed = (): ReturnType<Outbox['list']> => outbox.list({ failedOnly: true, limit: 10 });
    await eventually(failed, (messages) => messages.length === 2);
    const [first] = await failed();
    const api = await adminApi(provider);
    expect((await api.call('POST', `messages/${first?.selector ?? 0}/retry`)).status).toBe(204);
    await eventually(failed, (messages) => messages.length === 2);
    const admin = await provider.addUser({ roles: ['admin'] });
    const browser = await provider.logIn(admin);
    await browser.open(at('/message'));
    await browser.submit({ action: 'retry-failed' }, { ...ours(), action: '/message' });
    expect(await events('message.retried')).toMatchObject([
      {
        actor_id: null,
        subject_id: String(first?.selector),
        details: JSON.stringify({ messages: 1, via_client: api.registered.client.id }),
      },
      { actor_id: admin.id, subject_id: null, details: JSON.stringify({ messages: 2 }) },
    ]);
  });
});
