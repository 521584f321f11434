import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { schemaDifferences } from '@gatehouse/platform/database/schema-differences';
import { ManualClock } from '@gatehouse/platform/clock';
import { entities, migrations } from '../../src/schema.js';
import type { Browser } from '../support/browser.js';
import { adminPassword, startClient, type TestClient } from '../support/start-client.js';
import { TestProvider } from '../support/test-provider.js';

describe('the providers', () => {
  let client: TestClient;
  let browser: Browser;
  let second: TestProvider;

  beforeEach(async () => {
    client = await startClient();
    browser = client.browser();
    second = new TestProvider(client.clock);
    await second.start();
  });
  afterEach(async () => {
    await second.stop();
    await client.stop();
  });

  const unlock = async (password = adminPassword) => {
    await browser.context('/providers');
    return browser.submit('/providers/unlock', { password, next: '/providers' });
  };
  const fields = () => ({
    name: 'Second',
    issuer: second.issuer,
    client_id: second.clientId,
    client_secret: second.clientSecret,
    scope: 'openid profile',
  });

  it('agree with the migrations', async () => {
    expect(await schemaDifferences(client.store.dataSource)).toEqual([]);
  });

  it('can be reverted to an empty database, and migrated again', async () => {
    const url = client.databaseUrl;
    await client.stopApp();
    const source = await openSource({ url, entities, migrations });
    try {
      expect(await migrateDown(source)).toBe(migrations.at(-1)?.name);
      expect(await migrateUp(source)).toHaveLength(1);
    } finally {
      await source.destroy();
    }
  });

  it.each(['/providers', '/providers/add', '/providers/update/x', '/providers/delete/x'])(
    '%s asks who is there first',
    async (address) => {
      const page = await browser.context(address);
      expect(page.url.pathname).toBe('/providers/unlock');
      expect(page.body).toContain('Administrator password');
    },
  );

  it('refuse every change to somebody who has not shown the password', async () => {
    await browser.context('/providers');
    await browser.submit('/providers/add', fields());
    await browser.submit(`/providers/delete/${client.providerId}`);
    expect(browser.current?.url.pathname).toBe('/providers/unlock');
    expect((await browser.context('/')).body).toContain('Sign in with Gatehouse');
    expect((await browser.context('/')).body).not.toContain('Sign in with Second');
  });

  it('open with the admin password, back where one was going', async () => {
    await browser.context('/providers/add');
    const page = await browser.submit('/providers/unlock', { password: adminPassword, next: '/providers/add' });
    expect(page.url.pathname).toBe('/providers/add');
    expect(page.body).toContain('http://localhost:8000/authorized');
  });

  it('stay closed to a wrong password, and to many', async () => {
    expect((await unlock('wrong')).status).toBe(403);
    for (let count = 0; count < 9; count++) await unlock('wrong');
    const page = await unlock();
    expect(page.status).toBe(429);
    expect(page.headers['retry-after']).toBeDefined();
    client.clock.advance(901);
    expect((await unlock()).url.pathname).toBe('/providers');
  });

  it('does not count right passwords', async () => {
    for (let count = 0; count < 15; count++) expect((await unlock()).url.pathname).toBe('/providers');
  });

  it('close again', async () => {
    await unlock();
    await browser.submit('/providers/lock');
    expect((await browser.context('/providers')).url.pathname).toBe('/providers/unlock');
  });

  it('open to the role admin of the seeded provider alone', async () => {
    await browser.logIn(`/login/${client.providerId}`);
    expect((await browser.context('/providers')).url.pathname).toBe('/providers/unlock');
    client.provider.behaviour.claims = { roles: ['admin'] };
    await browser.logIn(`/login/${client.providerId}?next=/providers`);
    expect(browser.current?.url.pathname).toBe('/providers');

    await browser.context('/providers/add');
    await browser.submit('/providers/add', fields());
    const home = await browser.context('/login');
    const id =
      /action="\/login\/([^"]+)" method="post">(?:\s*<input[^>]*>)*\s*<button[^>]*>Sign in with Second/.exec(
        home.body,
      )?.[1] ?? '';
    second.behaviour.claims = { roles: ['admin'] };
    const other = client.browser();
    expect((await other.logIn(`/login/${id}`)).body).toContain('Signed in as alice');
    expect((await other.context('/providers')).url.pathname).toBe('/providers/unlock');
  });

  describe('of somebody who lost the role at the provider:', () => {
    const admin = async (): Promise<void> => {
      client.provider.behaviour.claims = { roles: ['admin'] };
      client.provider.behaviour.userinfo = { preferred_username: 'alice', roles: ['admin'] };
      await browser.logIn(`/login/${client.providerId}?next=/providers`);
      expect(browser.current?.url.pathname).toBe('/providers');
    };
    const demote = (claims: Record<string, unknown>): void => {
      client.provider.behaviour.claims = claims;
      client.provider.behaviour.userinfo = { preferred_username: 'alice', ...claims };
    };

    it.each<[string, Record<string, unknown>, () => void]>([
      ['by the ID token of a refresh', { roles: ['user'] }, () => undefined],
      ['by a claim that is no longer there', {}, () => undefined],
      [
        'by UserInfo where there is no refresh token',
        { roles: [] },
        () => (client.provider.behaviour.issueRefreshToken = false),
      ],
      [
        'by UserInfo where a refresh brings no ID token',
        { roles: [] },
        () => (client.provider.behaviour.tokenOverride = {}),
      ],
    ])('closed within five minutes, %s', async (name, claims, prepare) => {
      prepare();
      await admin();
      if (name.includes('brings no ID token')) client.provider.behaviour.tokenOverride = { id_token: undefined };
      demote(claims);
      client.clock.advance(300);
      await browser.submit(`/providers/delete/${client.providerId}`);
      expect(browser.current?.url.pathname).toBe('/providers/unlock');
      for (const address of ['/providers', '/providers/add', `/providers/update/${client.providerId}`])
        expect((await browser.context(address)).url.pathname).toBe('/providers/unlock');
      expect((await browser.context('/')).body).toContain('Signed in as alice');
    });

    it('closed when the provider no longer accepts the tokens, or does not answer', async () => {
      await admin();
      client.clock.advance(300);
      client.provider.behaviour.away = true;
      expect((await browser.context('/providers')).url.pathname).toBe('/providers/unlock');
      client.provider.behaviour.away = false;
      expect((await browser.context('/providers')).url.pathname).toBe('/providers');
      client.clock.advance(300);
      client.provider.behaviour.refreshFailure = { status: 400, body: { error: 'invalid_grant' } };
      client.provider.behaviour.expiresIn = 1;
      client.clock.advance(300);
      expect((await browser.context('/providers')).url.pathname).toBe('/providers/unlock');
    });

    it('open all day to somebody who keeps it, who is asked about once in five minutes', async () => {
      await admin();
      for (let round = 0; round < 12; round++) {
        client.clock.advance(150);
        expect((await browser.context('/providers')).url.pathname).toBe('/providers');
      }
      expect(client.provider.refreshes).toBeLessThanOrEqual(6);
      expect(client.provider.refreshes).toBeGreaterThanOrEqual(5);
    });
  });

  it('add one after discovery, and log in with it', async () => {
    await unlock();
    await browser.context('/providers/add');
    const page = await browser.submit('/providers/add', fields());
    expect(page.url.pathname).toBe('/providers');
    expect(page.body).toContain('Second');
    expect((await browser.context('/')).body).toContain('Sign in with Second');
    const rows = await client.store.dataSource.query<{ client_secret_sealed: string }[]>(
      'SELECT client_secret_sealed FROM providers',
    );
    for (const row of rows) expect(row.client_secret_sealed).not.toContain('secret');
  });

  it.each<[string, Record<string, string>, string]>([
    ['a name', { name: ' ' }, 'name-problem'],
    ['an issuer that is no URL', { issuer: 'gatehouse' }, 'issuer-problem'],
    ['an issuer with a query', { issuer: 'https://login.example/?x=1' }, 'issuer-problem'],
    ['a script as issuer', { issuer: 'javascript:alert(1)' }, 'issuer-problem'],
    ['nobody there', { issuer: 'http://127.0.0.1:1' }, 'issuer-problem'],
    ['an address inside the network', { issuer: 'http://10.0.0.1' }, 'issuer-problem'],
    ['the address of cloud metadata', { issuer: 'http://169.254.169.254' }, 'issuer-problem'],
    ['no client id', { client_id: '' }, 'client_id-problem'],
    ['no secret', { client_secret: '' }, 'client_secret-problem'],
    ['no openid', { scope: 'profile' }, 'scope-problem'],
  ])('say beside the field what is wrong: %s', async (_case, wrong, problem) => {
    await unlock();
    await browser.context('/providers/add');
    const page = await browser.submit('/providers/add', { ...fields(), ...wrong });
    expect(page.status).toBe(422);
    expect(page.body).toContain(problem);
    expect(page.body).toMatch(/aria-invalid="true"[^>]* autofocus/);
    if (wrong['client_id'] === undefined) expect(page.body).toContain('value="the-client"');
    expect((await browser.context('/')).body).not.toContain('Sign in with Second');
  });

  it.each<['missing' | 'other issuer', string]>([
    ['missing', 'No OpenID provider metadata was found'],
    ['other issuer', 'names another issuer'],
  ])('say what discovery found: %s', async (discovery, sentence) => {
    second.behaviour.discovery = discovery;
    await unlock();
    await browser.context('/providers/add');
    expect((await browser.submit('/providers/add', fields())).body).toContain(sentence);
  });

  it('keep what was typed but no secret when the form was open too long', async () => {
    await unlock();
    await browser.context('/providers/add');
    const page = await browser.request('POST', '/providers/add', { form: { ...fields(), csrf: 'old' } });
    expect(page.status).toBe(403);
    expect(page.body).toContain('value="Second"');
    expect(page.body).not.toContain(second.clientSecret);
  });

  it('edit one; an empty secret keeps the stored one', async () => {
    await unlock();
    await browser.context(`/providers/update/${client.providerId}`);
    expect(browser.current?.body).not.toContain(client.provider.clientSecret);
    const { issuer, clientId } = client.provider;
    await browser.submit(`/providers/update/${client.providerId}`, {
      name: 'Renamed',
      issuer,
      client_id: clientId,
      client_secret: '',
      scope: 'openid',
    });
    expect((await browser.context('/')).body).toContain('Sign in with Renamed');
    expect((await browser.logIn(`/login/${client.providerId}`)).body).toContain('Signed in as alice');
    expect(client.provider.lastAuthorization?.get('scope')).toBe('openid');
  });

  it.each<[string, (kept: TestProvider, other: TestProvider) => { issuer: string; client_id: string }]>([
    ['issuer', (kept, other) => ({ issuer: other.issuer, client_id: kept.clientId })],
    ['client id', (kept) => ({ issuer: kept.issuer, client_id: 'another-client' })],
  ])('ask for the secret again when the %s changes: the stored one is for nobody else', async (_case, changed) => {
    await unlock();
    const update = `/providers/update/${client.providerId}`;
    await browser.context(update);
    const edited = { name: 'Pointed elsewhere', scope: 'openid', ...changed(client.provider, second) };
    const page = await browser.submit(update, { ...edited, client_secret: '' });
    expect(page.status).toBe(422);
    expect(page.body).toContain('client_secret-problem');
    expect((await browser.context('/')).body).not.toContain('Pointed elsewhere');
    await browser.context(update);
    expect((await browser.submit(update, { ...edited, public: 'yes' })).url.pathname).toBe('/providers');
    expect((await browser.context('/')).body).toContain('Pointed elsewhere');
  });

  it('never send the tokens of one issuer to another', async () => {
    const person = client.browser();
    await person.logIn(`/login/${client.providerId}`);
    await unlock();
    await browser.context(`/providers/update/${client.providerId}`);
    await browser.submit(`/providers/update/${client.providerId}`, { ...fields() });
    const asked = second.requests.length;
    for (const action of ['/refresh', '/call-api'])
      expect((await person.submit(action)).body).toContain('provider.changed');
    expect(second.requests.length).toBe(asked);
  });

  it('do not count the role of a seeded provider that was pointed elsewhere', async () => {
    await unlock();
    await browser.context(`/providers/update/${client.providerId}`);
    await browser.submit(`/providers/update/${client.providerId}`, fields());
    second.behaviour.claims = { roles: ['admin'] };
    const other = client.browser();
    await other.logIn(`/login/${client.providerId}`);
    expect(other.current?.body).toContain('Signed in as alice');
    expect((await other.context('/providers')).url.pathname).toBe('/providers/unlock');
  });

  it('delete one after asking', async () => {
    await unlock();
    expect((await browser.context(`/providers/delete/${client.providerId}`)).body).toContain('Delete Gatehouse?');
    await browser.submit(`/providers/delete/${client.providerId}`);
    expect((await browser.context('/')).body).toContain('No provider is set up yet');
  });

  it('follow the settings at the next start', async () => {
    const third = new TestProvider(new ManualClock());
    await third.start();
    const again = await client.restart({
      GATEHOUSE_CLIENT_PROVIDER_ISSUER: third.issuer,
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: third.clientId,
    });
    try {
      expect(again.providerId).toBe(client.providerId);
      expect((await again.browser().context('/login')).body).toContain(third.issuer);
      expect((await again.browser().logIn(`/login/${again.providerId}`)).body).toContain('Signed in as alice');
    } finally {
      await again.stop();
      await third.stop();
    }
  });
});
