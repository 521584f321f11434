import { statement } from '@gatehouse/platform/database/store';
import { Activity } from '../../src/audit/activity.service';
import { auditTypes } from '../../src/audit/audit.service';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { settingsDefinition } from '../../src/config/settings';
import { KeysService } from '../../src/keys/keys.service';
import { Outbox } from '../../src/outbox/outbox.service';
import { Browser } from '../support/browser';
import { fieldsOf, rowValues, sendFields } from '../support/forms';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

const giveUpAll = statement('test.give_up_all', 'UPDATE outbox_messages SET failed_at = created_at');

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
    expect(page).toContain('aria-label="Sign-ins, 24 h: 2, at most 2 in an hour"');
    expect(page).toContain('aria-label="Failed sign-ins, 24 h: 1, at most 1 in an hour"');
    expect(page).toContain('aria-label="Tokens issued, 24 h: 1, at most 1 in an hour"');
    expect(page).toContain('aria-label="Sign-ins: 2 succeeded, 1 failed, at most 3 in one bar"');
    expect(page.match(/<title>[^<]*: 2 succeeded, 1 failed<\/title>/g)).toHaveLength(1);
    expect(page).toContain('is only reachable from this computer');
    expect(page).toMatch(/<strong>counted<\/strong> signed in/);
    // What is counted is added to what other processes counted.
    await provider.app.get(Activity).flush();
    expect((await provider.app.get(Activity).since(0)).find(({ kind }) => kind === 'login')?.count).toBe(2);
  });

  it('/admin lists what is left to set up, with a button each, and the causes of failing requests', async () => {
    const page = (await admin.open(at('/admin'))).text;
    expect(page).toContain('Finish setting up');
    expect(page).toMatch(/<a class="btn[^"]*" href="\/account\/factors">Add sign-in method/);
    expect(page).not.toContain('Connect your first application</span><br>');
    const { client } = await provider.addClient({ name: 'Misconfigured' });
    const { parameters } = authorizationRequest(client);
    for (let sent = 0; sent < 2; sent++)
      await admin.open(authorizeUrl(provider, { ...parameters, redirect_uri: 'https://elsewhere.test/' }));
    await provider.app.get(FailedRequests).flush();
    const after = (await admin.open(at('/admin'))).text;
    expect(after).toContain('Requests from Misconfigured fail');
    expect(after).toContain('Redirect URI not registered · 2 times in 24 hours');
    expect(after).toMatch(/href="\/failed-request\/[0-9a-z]+">Fix/);
  });

  it('/admin/system shows every setting with its source, and no secret', async () => {
    const page = (await admin.open(at('/admin/system?show=all'))).text;
    const rowOf = (name: string): string => new RegExp(`<code>${name}</code>[^]*?</tr>`).exec(page)?.[0] ?? '';
    for (const { name } of Object.values(settingsDefinition)) expect([name, rowOf(name)]).not.toEqual([name, '']);
    expect(rowOf('GATEHOUSE_ISSUER')).toContain(`<bdi>${provider.issuer}</bdi>`);
    expect(rowOf('GATEHOUSE_PKCE')).toMatch(/<bdi>required<\/bdi>[^]*Default/);
    expect(rowOf('GATEHOUSE_SMTP_URL')).toMatch(/>Set<[^]*Environment/);
    expect(page).not.toContain('smtp://127.0.0.1:1');
    expect(page).not.toContain(provider.secretKey);
    expect(page).not.toContain('<form method="post"');
    expect(rowOf('GATEHOUSE_SESSION_LIFETIME')).toContain('30 days');
    const changed = (await admin.open(at('/admin/system'))).text;
    expect(changed).toContain('<code>GATEHOUSE_SMTP_URL</code>');
    expect(changed).not.toContain('<code>GATEHOUSE_PKCE</code>');
    const found = (await admin.open(at('/admin/system?q=pkce'))).text;
    expect(found).toContain('GATEHOUSE_PKCE');
    expect(found).not.toContain('GATEHOUSE_DATA_DIR');
    expect((await admin.open(at('/admin/system?q=nothing'))).text).toContain('No settings match “nothing”');
  });

  it('are in the language of the browser', async () => {
    const headers = { 'Accept-Language': 'de' };
    for (const [path, words] of [
      ['/admin', 'Zu beheben'],
      ['/audit', 'hat sich angemeldet'],
      ['/session', 'Angemeldet'],
      ['/admin/system', 'Wirksame Einstellungen'],
    ] as const)
      expect([path, (await admin.send(at(path), { headers })).text.includes(words)]).toEqual([path, true]);
  });

  it('/audit is searched by kind, user and client, page by page, and downloaded', async () => {
    const person = await provider.addUser({ username: 'logged' });
    const registered = await provider.addClient({ name: 'Logged client' });
    await obtainTokens(provider, await provider.logIn(person), registered);
    const ofUser = (await admin.open(at('/audit?user=logged'))).text;
    expect(ofUser).toMatch(/<strong>logged<\/strong> signed in\s*</);
    for (const words of [
      '<strong>logged</strong> signed in to <strong>Logged client</strong>',
      '<strong>logged</strong> allowed <strong>Logged client</strong> to use their account',
      'created the account of <strong>logged</strong>',
    ])
      expect(ofUser).toContain(words);
    const ofClient = (await admin.open(at(`/audit?client=${registered.client.id}&type=grant`))).text;
    expect(ofClient).toContain('grant.created');
    expect(ofClient).not.toContain('consent.recorded');
    const byName = (await admin.open(at('/audit?client=logged+CLIENT&type=grant'))).text;
    expect(byName).toContain('grant.created');
    expect(byName).toContain('Application: Logged client');
    await provider.addClient({ name: 'Logged client' });
    expect((await admin.open(at('/audit?client=Logged+client'))).text).toContain('Several applications are named');
    const ofKind = (await admin.open(at(`/audit?client=${registered.client.id}&type=access`))).text;
    expect(ofKind).toContain('grant.created');
    expect(ofKind).toContain('consent.recorded');
    expect((await admin.open(at('/audit?user=nobody'))).text).toContain('No user is named “nobody”.');
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
    const before = /before&#x3D;(\d+)/.exec(first.text)?.[1];
    expect(before).toBeDefined();
    const second = await admin.open(at(`/audit?type=user&before=${before}`));
    expect(second.text).toContain('Newest');
    expect(second.text).toContain('created the account of');
  });

  it('/audit is searched by the days on which events were recorded', async () => {
    await provider.addUser({ username: 'dated' });
    const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const found = async (dates: string): Promise<boolean> =>
      (await admin.open(at(`/audit?user=dated&${dates}`))).text.includes('created the account of');
    expect(await found(`from=${day(-1)}&to=${day(1)}`)).toBe(true);
    expect(await found(`from=${day(1)}`)).toBe(false);
    expect(await found(`to=${day(-2)}`)).toBe(false);
    const wrong = await admin.open(at('/audit?from=yesterday'));
    expect([wrong.status, wrong.text.includes('Write dates as 2026-11-29.')]).toEqual([200, true]);
    const lines = (await admin.open(at(`/audit/export?user=dated&from=${day(1)}`))).text;
    expect(lines).toBe('');
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
      'Session signed out',
    );
    const alive = async (browser: Browser): Promise<boolean> =>
      !(await browser.open(at('/account'))).text.includes('name="password"');
    expect([await alive(one), await alive(two)]).toEqual([true, false]);
    const three = await provider.logIn(user);
    await admin.open(at(action));
    expect((await admin.submit({ action: 'end-chosen' }, { action })).text).toContain('Select at least one session');
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
    expect((await admin.open(at('/session?user=nobody'))).text).toContain('No user named “nobody”.');
    expect((await admin.open(at('/session'))).text).toContain('This browser');
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
    expect(audit).toContain('<strong>keeper</strong> created a key: ES256');
  });

  it('/message shows what waits and tries it again', async () => {
    await provider.store.run((unit) =>
      provider.app
        .get(Outbox)
        .add(unit, { kind: 'mail', destination: 'somebody@example.org', payload: {} }, provider.clock.now()),
    );
    const page = (await admin.open(at('/message'))).text;
    expect(page).toContain('somebody@example.org');
    const message = /name="message" value="(\d+)"/.exec(page)?.[1] ?? '';
    await admin.submit({ action: 'retry', message }, { action: '/message' });
    expect(admin.address).toBe(at('/message?done=retried'));
  });

  it('/message keeps what the list shows when messages are tried again', async () => {
    const failed = { kind: 'mail', destination: 'nobody@example.org', payload: {} } as const;
    const outbox = provider.app.get(Outbox);
    await provider.store.run((unit) => outbox.add(unit, failed, provider.clock.now()));
    await provider.store.run((unit) => unit.change(giveUpAll));
    const page = (await admin.open(at('/message?state=given-up'))).text;
    const message = /name="message" value="(\d+)"/.exec(page)?.[1] ?? '';
    await admin.submit({ action: 'retry', message }, { action: '/message' });
    expect(admin.address).toBe(at('/message?state=given-up&done=retried'));
    await provider.store.run((unit) => unit.change(giveUpAll));
    await admin.open(at('/message?state=given-up'));
    await admin.submit({ action: 'retry-failed' }, { action: '/message' });
    expect(admin.address).toBe(at('/message?state=given-up&done=retried'));
  });

  it('are administrators’ alone', async () => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    const administration = [
      '/admin',
      '/admin/system',
      '/audit',
      '/audit/export',
      '/failed-request',
      '/session',
      '/key',
    ];
    for (const path of [...administration, '/message'])
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
