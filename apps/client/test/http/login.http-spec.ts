import { sha256 } from '@gatehouse/domain/kernel';
import { base, startClient, type TestClient } from '../support/start-client.js';

describe('logging in', () => {
  let client: TestClient;
  let login: string;

  beforeEach(async () => {
    client = await startClient();
    login = `/login/${client.providerId}`;
  });
  afterEach(() => client.stop());

  const isCallback = (url: URL): boolean => url.pathname === '/authorized';

  it('shows one button for each provider', async () => {
    const page = await client.browser().context('/');
    expect(page.status).toBe(200);
    expect(page.body).toContain('Sign in with Gatehouse');
    expect(page.body).toContain(`action="${login}"`);
    expect(page.headers['content-security-policy']).toContain("form-action 'self' http:");
    expect(page.headers['cache-control']).toBe('no-store');
  });

  it('sends state, nonce and an S256 challenge, and asks for the scopes of the provider', async () => {
    const browser = client.browser();
    await browser.logIn(login);
    const sent = client.provider.lastAuthorization;
    expect(sent?.get('response_type')).toBe('code');
    expect(sent?.get('redirect_uri')).toBe(`${base}/authorized`);
    expect(sent?.get('scope')).toBe('openid profile email offline_access roles');
    expect(sent?.get('code_challenge_method')).toBe('S256');
    expect(sent?.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(sent?.get('nonce')).toBeTruthy();
    expect(sent?.get('state')?.length).toBeGreaterThan(40);
  });

  it('ends at home, logged in, with token information and claims but no token', async () => {
    const page = await client.browser().logIn(login);
    expect(page.url.pathname).toBe('/');
    expect(page.body).toContain('Signed in as alice');
    expect(page.body).toContain('Claims of the ID token');
    expect(page.body).toContain('user-1');
    expect(page.body).toContain('offline_access');
    expect(page.body).not.toMatch(/at-|rt-|eyJ/);
  });

  it('begins by a form of ours alone: a link, an image or a prefetch shows a page with a button and begins nothing', async () => {
    const asked = client.provider.requests.length;
    const page = await client.browser().context(`${login}?next=/messages`);
    expect(page.status).toBe(200);
    expect(page.url.pathname).toBe(login);
    expect(page.body).toContain(`<form action="${login}" method="post">`);
    expect(page.body).toContain('name="next" value="/messages"');
    expect(page.body).toContain('Sign in with Gatehouse');
    expect(client.provider.requests.length).toBe(asked);
    const flows = await client.store.dataSource.query<unknown[]>('SELECT * FROM login_flows');
    expect(flows).toEqual([]);
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['another site', {}, { Origin: 'https://evil.test' }],
    ['no page of ours', { csrf: 'made up' }, {}],
  ])('does not begin by a form of %s, and shows its own button instead', async (_case, fields, headers) => {
    const browser = client.browser();
    await browser.context(login);
    const asked = client.provider.requests.length;
    const page = await browser.submit(login, fields, headers);
    expect(page.status).toBe(403);
    expect(client.provider.requests.length).toBe(asked);
    expect((await browser.submit(login)).body).toContain('Signed in as alice');
  });

  it('keeps the next address across the login', async () => {
    const page = await client.browser().logIn(`${login}?next=${encodeURIComponent('/messages?a=1&b=ü')}`);
    expect(page.url.pathname + page.url.search).toBe('/messages?a=1&b=%C3%BC');
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    '/%09/..//evil.example',
    'http:evil.example',
    '@evil.example',
    '/..//evil.example',
    '/login',
    '/authorized?x=1',
    `/${'a'.repeat(3000)}`,
  ])('goes home when the next address is %j', async (next) => {
    const browser = client.browser();
    const callback = await browser.logInUntil(`${login}?next=${encodeURIComponent(next)}`, isCallback);
    const answer = await browser.request('GET', callback.href);
    expect(answer.status).toBe(303);
    const location = new URL(answer.headers.location ?? '', base);
    expect(location.origin).toBe(base);
    expect(location.pathname).not.toMatch(/^\/\/|login|authorized|aaa/);
  });

  it('lets several tabs finish, in any order', async () => {
    const browser = client.browser();
    await browser.context('/');
    const first = await browser.logInUntil(`${login}?next=/messages`, isCallback);
    const second = await browser.logInUntil(`${login}?next=/login%3F`, isCallback);
    expect((await browser.context(second.href)).body).toContain('Signed in as alice');
    expect((await browser.context(first.href)).url.pathname).toBe('/messages');
    expect((await browser.context('/')).body).toContain('Signed in as alice');
  });

  it('goes on when a callback comes twice in a browser that is logged in', async () => {
    const browser = client.browser();
    const callback = await browser.logInUntil(`${login}?next=/messages`, isCallback);
    await browser.context(callback.href);
    const again = await browser.context(callback.href);
    expect(again.status).toBe(200);
    expect(again.url.pathname).toBe('/messages');
    expect(client.provider.requests.filter((request) => request === 'POST /token')).toHaveLength(1);
  });

  it('offers to start again when a callback comes twice and nobody is logged in', async () => {
    const browser = client.browser();
    const callback = await browser.logInUntil(login, isCallback);
    await browser.context(callback.href);
    browser.cookies.delete('gatehouse_client_session');
    const again = await browser.context(callback.href);
    expect(again.status).toBe(400);
    expect(again.body).toContain('login.repeated');
    expect(again.body).toContain(`action="${login}"`);
  });

  it('answers exactly one of many callbacks at once', async () => {
    const browser = client.browser();
    const callback = await browser.logInUntil(login, isCallback);
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.request('GET', callback.href)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(client.provider.requests.filter((request) => request === 'POST /token')).toHaveLength(1);
  });

  it('does not accept an answer in another browser (login CSRF)', async () => {
    const attacker = client.browser();
    const callback = await attacker.logInUntil(login, isCallback);
    const victim = client.browser();
    await victim.context('/');
    const page = await victim.context(callback.href);
    expect(page.status).toBe(400);
    expect(page.body).toContain('login.unknown');
    expect(victim.cookies.has('gatehouse_client_session')).toBe(false);
  });

  it('shows a way on for a state that is tampered with, unknown or missing', async () => {
    const browser = client.browser();
    const callback = await browser.logInUntil(login, isCallback);
    const tampered = new URL(callback);
    const state = tampered.searchParams.get('state') ?? '';
    tampered.searchParams.set('state', `${state.slice(0, -2)}${state.endsWith('AA') ? 'BB' : 'AA'}`);
    for (const address of [
      tampered.href,
      '/authorized?code=x&state=nonsense',
      '/authorized',
      '/authorized?error=access_denied',
    ]) {
      const page = await browser.context(address);
      expect(page.status).toBe(400);
      expect(page.body).toContain('Start again');
      expect(page.body).toMatch(/request <code>[0-9a-f]{32}/);
    }
    expect((await browser.context(callback.href)).body).toContain('Signed in as alice');
    expect((await browser.context('/authorized?code=x&state=nonsense')).body).toContain('Continue as alice');
  });

  it('refuses a repeated parameter', async () => {
    const browser = client.browser();
    const callback = await browser.logInUntil(login, isCallback);
    const page = await browser.context(`${callback.href}&code=other`);
    expect(page.status).toBe(400);
    expect(page.body).toContain('request.invalid');
  });

  it('forgets a login after an hour', async () => {
    const browser = client.browser();
    const callback = await browser.logInUntil(login, isCallback);
    client.clock.advance(3601);
    expect((await browser.context(callback.href)).body).toContain('login.unknown');
  });

  it('keeps the newest 20 logins of a browser, and those of other browsers', async () => {
    const other = client.browser();
    const others = await other.logInUntil(login, isCallback);
    const browser = client.browser();
    await browser.context('/');
    const oldest = await browser.logInUntil(login, isCallback);
    const next = await browser.logInUntil(login, isCallback);
    for (let count = 0; count < 19; count++) await browser.beginLogin(login);
    expect((await browser.context(oldest.href)).body).toContain('login.unknown');
    expect((await browser.context(next.href)).body).toContain('Signed in as');
    expect((await other.context(others.href)).body).toContain('Signed in as');
  });

  describe('when an address began too many', () => {
    /** As many unfinished logins as are kept of one address in a minute, each from a browser of its own. */
    async function flood(): Promise<void> {
      for (let count = 0; count < 120; count++) await client.browser().beginLogin(login);
    }

    it('lets people in all the same, with the login sealed into the state', async () => {
      await flood();
      const browser = client.browser();
      await browser.context('/');
      const callback = await browser.logInUntil(`${login}?next=%2Fmessages`, isCallback);
      const state = callback.searchParams.get('state') ?? '';
      expect(state).toMatch(/^sealed\.\./);
      expect(state.length).toBeLessThanOrEqual(2000);
      const thief = client.browser();
      await thief.context('/');
      expect((await thief.context(callback.href)).body).toContain('login.unknown');
      const forged = new URL(callback);
      forged.searchParams.set('state', `${state.slice(0, 40)}${state[40] === 'A' ? 'B' : 'A'}${state.slice(41)}`);
      expect((await browser.context(forged.href)).body).toContain('login.unknown');
      expect((await browser.context(callback.href)).url.pathname).toBe('/messages');
      expect((await browser.context('/')).body).toContain('Signed in as alice');
    });

    it('sends the code of such a login once, however often the answer comes', async () => {
      await flood();
      const browser = client.browser();
      await browser.context('/');
      const callback = await browser.logInUntil(login, isCallback);
      const redeemed = (): number => client.provider.requests.filter((line) => line === 'POST /token').length;
      const answers = await Promise.all(Array.from({ length: 6 }, () => browser.request('GET', callback.href)));
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
      expect((await browser.context(callback.href)).body).toContain('Signed in as alice');
      expect(redeemed()).toBe(1);
    });

    it('forgets such a login after an hour', async () => {
      await flood();
      const browser = client.browser();
      await browser.context('/');
      const callback = await browser.logInUntil(login, isCallback);
      client.clock.advance(3601);
      expect((await browser.context(callback.href)).body).toContain('login.unknown');
    });

    it('gives up the next address rather than a state of more than 2000 characters', async () => {
      await flood();
      const browser = client.browser();
      await browser.context('/');
      const callback = await browser.logInUntil(`${login}?next=%2Fmessages%3F${'a'.repeat(1900)}`, isCallback);
      expect(callback.searchParams.get('state')?.length).toBeLessThanOrEqual(2000);
      expect((await browser.context(callback.href)).url.pathname).toBe('/');
      expect(browser.current?.body).toContain('Signed in as alice');
    });

    it('counts neither those that were finished nor those of more than a minute ago', async () => {
      await flood();
      const stateNow = async (): Promise<string> =>
        (await client.browser().logInUntil(login, isCallback)).searchParams.get('state') ?? '';
      expect(await stateNow()).toMatch(/^sealed/);
      const write = (text: string): Promise<unknown> => client.store.run((unit) => unit.manager.query<unknown>(text));
      await write('UPDATE login_flows SET consumed_at = created_at');
      expect(await stateNow()).not.toMatch(/^sealed/);
      await write('UPDATE login_flows SET consumed_at = NULL');
      expect(await stateNow()).toMatch(/^sealed/);
      client.clock.advance(61);
      expect(await stateNow()).not.toMatch(/^sealed/);
    });
  });

  it('gives a new session at each login and ends the one before', async () => {
    const browser = client.browser();
    await browser.logIn(login);
    const before = browser.cookies.get('gatehouse_client_session') ?? '';
    await browser.logIn(login);
    expect(browser.cookies.get('gatehouse_client_session')).not.toBe(before);
    const thief = client.browser();
    thief.cookies.set('gatehouse_client_session', before);
    expect((await thief.context('/')).body).toContain('You’re not signed in');
  });

  it('puts only an id into the cookie, and keeps a row that cannot be read without the key', async () => {
    const browser = client.browser();
    await browser.logIn(login);
    const value = browser.cookies.get('gatehouse_client_session') ?? '';
    expect(value).toMatch(/^[0-9a-z]+\.[\w-]{43}$/);
    const [row] =
      await client.store.dataSource.query<{ content_sealed: string; verifier_hash: Buffer }[]>(
        'SELECT * FROM sessions',
      );
    const bytes = Buffer.from(row?.content_sealed.split('.')[1] ?? '', 'base64url').toString('latin1');
    // Long enough that chance does not write them: a sealed row is thousands of random letters.
    for (const secret of ['alice', 'user-1', 'accessToken', 'refreshToken']) {
      expect(row?.content_sealed).not.toContain(secret);
      expect(bytes).not.toContain(secret);
    }
    expect(Buffer.from(row?.verifier_hash ?? '').equals(sha256(value.split('.')[1] ?? ''))).toBe(true);
  });

  it('knows nobody after the session secret was changed, and still works', async () => {
    const browser = client.browser();
    await browser.logIn(login);
    const cookies = browser.cookies;
    const other = await client.restart({ GATEHOUSE_CLIENT_SESSION_SECRET: 'another secret of at least 32 bytes' });
    try {
      const again = other.browser();
      for (const [name, value] of cookies) again.cookies.set(name, value);
      expect((await again.context('/')).body).toContain('You’re not signed in');
      expect((await again.logIn(login)).body).toContain('Signed in as alice');
    } finally {
      await other.stop();
    }
  });

  it('ends a session after its time', async () => {
    const browser = client.browser();
    await browser.logIn(login);
    client.clock.advance(12 * 3600 + 1);
    expect((await browser.context('/')).body).toContain('You’re not signed in');
  });

  it('shows the messages of the login without a secret', async () => {
    const browser = client.browser();
    const page = await browser.logIn(`${login}?next=/messages`);
    for (const title of [
      'Authorization request',
      'Authorization response',
      'Token request with the authorization code',
      'Signing keys',
    ])
      expect(page.body).toContain(title);
    expect(page.body).toContain('code_challenge');
    expect(page.body).toMatch(/•••••• \(\d+ characters\)/);
    expect(page.body).not.toMatch(/at-[\w-]{10}|rt-[\w-]{10}|eyJ/);
    expect(page.body).not.toContain(client.provider.clientSecret);
  });

  it('says that a provider is unknown', async () => {
    const page = await client.browser().context('/login/nonsense');
    expect(page.status).toBe(404);
    expect(page.body).toContain('provider.not_found');
  });

  it('answers unknown addresses with a page', async () => {
    const page = await client.browser().context('/nowhere');
    expect(page.status).toBe(404);
    expect(page.body).toContain('page.not_found');
  });
});
