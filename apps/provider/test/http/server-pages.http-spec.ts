import { Activity } from '../../src/audit/activity.service';
import { auditTypes } from '../../src/audit/audit.service';
import { KeysService } from '../../src/keys/keys.service';
import { Outbox } from '../../src/outbox/outbox.service';
import { Browser } from '../support/browser';
import { fieldsOf, rowValues, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

describe('the pages of the server', () => {
  let provider: TestProvider;
  let admin: Browser;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:1' } });
    admin = await provider.logIn(await provider.addUser({ username: 'keeper', roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.base}${path}`;

  it('/admin counts logins, failures, tokens and refusals by the hour, and says what to look at', async () => {
    const user = await provider.addUser({ username: 'counted' });
    const browser = await provider.logIn(user);
    await obtainTokens(provider, browser, await provider.addClient());
    const other = new Browser();
    await other.open(at('/login'));
    await other.submit({ username: 'counted', password: 'wrong' });
    await provider.app.get(Activity).flush();
    const page = (await admin.open(at('/admin'))).text;
    expect(page).toMatch(/aria-label="Logins by the hour: 2 in all, 2 in the busiest hour"/);
    expect(page).toMatch(/aria-label="Failed logins by the hour: 1 in all/);
    expect(page).toMatch(/aria-label="Token answers by the hour: 1 in all/);
    expect(page.match(/class="chart-bar"/g)).toHaveLength(3);
    expect(page).toContain('is only reachable from this computer');
    // What is counted is added to what other processes counted.
    await provider.app.get(Activity).flush();
    expect((await provider.app.get(Activity).since(0)).find(({ kind }) => kind === 'login')?.count).toBe(2);
  });

  it('/audit is searched by kind, user and client, page by page, and downloaded', async () => {
    const person = await provider.addUser({ username: 'logged' });
    const registered = await provider.addClient({ name: 'Logged client' });
    await obtainTokens(provider, await provider.logIn(person), registered);
    const ofUser = (await admin.open(at('/audit?user=logged'))).text;
    for (const words of ['login succeeded', 'grant created', 'consent recorded', 'user created'])
      expect(ofUser).toContain(words);
    const ofClient = (await admin.open(at(`/audit?client=${registered.client.id}&type=grant`))).text;
    expect(ofClient).toContain('grant created');
    expect(ofClient).not.toContain('consent recorded');
    expect((await admin.open(at('/audit?user=nobody'))).text).toContain('There is no user nobody');
    expect((await admin.open(at(`/audit?type=made.up`))).status).toBe(200);

    const lines = (await admin.open(at('/audit/export?user=logged&type=login'))).text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['login.succeeded']);
    const stored = await provider.store.reader.query<{ n: number }[]>('SELECT COUNT(*) AS n FROM audit_events');
    const all = await admin.open(at('/audit/export'));
    expect(all.headers['content-disposition']).toMatch(/^attachment; filename="audit-\d{4}-\d\d-\d\d\.jsonl"$/);
    // The export itself is recorded once its lines were read.
    expect(all.text.trim().split('\n')).toHaveLength(Number(stored[0]?.n));
    for (const line of all.text.trim().split('\n')) {
      const { type } = JSON.parse(line) as { type: string };
      expect(auditTypes).toContain(type);
    }

    // More than one page: the newest, then those before.
    for (let made = 0; made < 60; made++) await provider.addUser({ username: `many-${made}` });
    const first = await admin.open(at('/audit?type=user'));
    const before = /before=(\d+)/.exec(first.text)?.[1];
    expect(before).toBeDefined();
    const second = await admin.open(at(`/audit?type=user&before=${before}`));
    expect(second.text).toContain('Newest');
    expect(second.text).toContain('user created');
  });

  it('/session lists and ends sessions, one or all of a user', async () => {
    const user = await provider.addUser({ username: 'seated' });
    const one = await provider.logIn(user);
    const two = await provider.logIn(user);
    await admin.open(at('/session?user=seated'));
    const [newest = '', ...older] = rowValues(admin, 'session');
    expect(older).toHaveLength(1);
    expect(rowValues(admin, 'chosen')).toEqual([newest, ...older]);
    // The button of one row means that one, whatever is ticked.
    const action = '/session?user=seated';
    expect((await admin.submit({ session: newest, chosen: older[0] ?? '' }, { action })).text).toContain(
      'The session ended',
    );
    const alive = async (browser: Browser): Promise<boolean> =>
      !(await browser.open(at('/account'))).text.includes('name="password"');
    expect([await alive(one), await alive(two)]).toEqual([true, false]);
    const three = await provider.logIn(user);
    await admin.open(at(action));
    expect((await admin.submit({ action: 'end-chosen' }, { action })).text).toContain('Nothing was chosen');
    const four = await provider.logIn(user);
    await admin.open(at(action));
    const chosen = rowValues(admin, 'chosen').slice(0, 2);
    const fields = [
      ...fieldsOf(admin, action),
      ...chosen.map((id) => ['chosen', id] as const),
      ['action', 'end-chosen'] as const,
    ];
    expect((await sendFields(admin, fields, action)).location).toContain('done=chosen-ended');
    expect([await alive(one), await alive(three), await alive(four)]).toEqual([true, false, false]);
    const ended = await admin.send(at('/session?user=seated'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams({
        action: 'end-all',
        csrf: csrfOf((await admin.open(at('/session'))).text),
      }).toString(),
    });
    expect(ended.status).toBe(303);
    expect([await alive(one), await alive(two)]).toEqual([false, false]);
    expect((await admin.open(at('/session?user=nobody'))).text).toContain('There is no user nobody');
    expect((await admin.open(at('/session'))).text).toContain('this browser');
  });

  it('/key makes new keys, which sign later, or at once when the word is typed', async () => {
    const keys = provider.app.get(KeysService);
    const before = await keys.current('ES256', provider.clock.now());
    await admin.open(at('/key'));
    await admin.submit({ action: 'rotate' }, { action: '/key' });
    expect((await keys.current('ES256', provider.clock.now())).kid).toBe(before.kid);
    provider.clock.advance(1);
    const csrf = csrfOf((await admin.open(at('/key'))).text);
    const send = (confirm: string): Promise<{ status: number; text: string }> =>
      admin.send(at('/key'), {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
        body: new URLSearchParams({ action: 'rotate-now', confirm, csrf }).toString(),
      });
    const unsure = await send('');
    expect([unsure.status, unsure.text.includes('Type the word')]).toEqual([422, true]);
    expect((await send('now')).status).toBe(303);
    expect((await keys.current('ES256', provider.clock.now())).kid).not.toBe(before.kid);
    const audit = (await admin.open(at('/audit?type=key.created&user=keeper'))).text;
    expect(audit).toContain('key created');
  });

  it('/message shows what waits and tries it again', async () => {
    await provider.store.run((unit) =>
      provider.app
        .get(Outbox)
        .add(unit, { kind: 'mail', destination: 'somebody@example.org', payload: {} }, provider.clock.now()),
    );
    const page = (await admin.open(at('/message'))).text;
    expect(page).toContain('somebody@example.org');
    await admin.submit({ action: 'retry' }, { action: '/message' });
    expect((await admin.open(at('/message?state=given-up'))).status).toBe(200);
  });

  it('are administrators’ alone', async () => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    for (const path of ['/admin', '/audit', '/audit/export', '/failed-request', '/session', '/key', '/message'])
      expect([path, (await browser.open(at(path))).status]).toEqual([path, 403]);
  });
});

describe('one’s own security log', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.close());

  it('tells what happened with the account, and nothing of others', async () => {
    const person = await provider.addUser({ username: 'ada', roles: ['admin'] });
    const browser = await provider.logIn(person);
    const other = await provider.addUser({ username: 'grace' });
    const stranger = new Browser();
    await stranger.open(`${provider.base}/login`);
    await stranger.submit({ username: 'ada', password: 'guess' });
    // What she does to another one stands in that one's log, and does not say where she sits.
    await browser.open(`${provider.base}/user/update/${other.id}`);
    await browser.submit({ name: 'Grace Hopper' }, { action: `/user/update/${other.id}` });
    const own = (await browser.open(`${provider.base}/account/security`)).text;
    for (const words of ['Logged in', 'A wrong password was tried', 'The account was made'])
      expect(own).toContain(words);
    expect(own).not.toContain('The account was changed');
    const theirs = await provider.logIn(other);
    const told = (await theirs.open(`${provider.base}/account/security`)).text;
    expect(told).toContain('The account was changed');
    expect(told).toContain('by an administrator');
    const row = /The account was changed[\s\S]*?<\/tr>/.exec(told)?.[0] ?? '';
    expect(row).not.toContain('127.0.0.1');
  });
});

function csrfOf(text: string): string {
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}
