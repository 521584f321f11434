import { Browser, send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { claimsOf, isActive, obtainTokens, type Registered } from '../support/tokens';

describe('logging out', () => {
  let provider: TestProvider;
  let registered: Registered;
  beforeAll(async () => {
    provider = await startProvider();
    registered = await provider.addClient({
      consentRequired: false,
      postLogoutRedirectUris: ['https://client.test/bye', 'https://client.test/bye?x=1', 'com.example.app:/bye'],
    });
  });
  afterAll(() => provider.close());

  const person = async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const tokens = await obtainTokens(provider, browser, registered);
    return { user, browser, idToken: tokens.id_token ?? '', accessToken: tokens.access_token };
  };
  const isLoggedIn = async (browser: Browser) => (await browser.send(`${provider.issuer}/home`)).status === 200;
  const endSession = (parameters: Readonly<Record<string, string>> = {}) =>
    `${provider.issuer}/oauth/logout?${new URLSearchParams(parameters).toString()}`;

  describe('at /logout', () => {
    it('asks on GET, since any page may link here, and ends the session on POST', async () => {
      const { browser, accessToken } = await person();
      const stolen = browser.clone();
      const page = await browser.open(`${provider.issuer}/logout`);
      expect(page.status).toBe(200);
      expect(page.text).toMatch(/<button[^>]*name="logout"[^>]*value="yes"/);
      expect(await isLoggedIn(browser)).toBe(true);
      const done = await browser.submit({ logout: 'yes' });
      expect(done.status).toBe(200);
      expect(browser.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
      // The session itself is over, not only the cookie.
      expect(await isLoggedIn(stolen)).toBe(false);
      expect(await isActive(provider, registered, accessToken)).toBe(false);
    });

    it('keeps the session if the user declines', async () => {
      const { browser } = await person();
      await browser.open(`${provider.issuer}/logout`);
      await browser.submit({ logout: 'no' });
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it.each<[string, Parameters<Browser['submit']>[1]]>([
      ['without the CSRF token', { without: ['csrf'] }],
      ['from another origin', { headers: { Origin: 'https://evil.test' } }],
      ['from a sandboxed page', { headers: { Origin: 'null' } }],
    ])('refuses a form %s with 403, and asks again', async (_name, options) => {
      const { browser } = await person();
      await browser.open(`${provider.issuer}/logout`);
      const answer = await browser.submit({ logout: 'yes' }, options);
      expect(answer.status).toBe(403);
      expect(await isLoggedIn(browser)).toBe(true);
      expect((await browser.submit({ logout: 'yes' })).status).toBe(200);
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it('shows that no user was signed in', async () => {
      expect((await new Browser().open(`${provider.issuer}/logout`)).status).toBe(200);
    });
  });

  describe('asked for by a client (RP-Initiated Logout 1.0)', () => {
    it('ends the session that the ID token names, and goes to the registered address with the state', async () => {
      const { browser, idToken, accessToken } = await person();
      const answer = await browser.send(
        endSession({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/bye', state: 'ä&1' }),
      );
      expect(answer.status).toBe(303);
      expect(answer.location).toBe('https://client.test/bye?state=%C3%A4%261');
      expect(await isLoggedIn(browser)).toBe(false);
      expect(await isActive(provider, registered, accessToken)).toBe(false);
    });

    it('keeps the query of the registered address', async () => {
      const { browser, idToken } = await person();
      const answer = await browser.send(
        endSession({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/bye?x=1', state: 's' }),
      );
      expect(answer.location).toBe('https://client.test/bye?x=1&state=s');
    });

    it('takes an expired ID token: it still says who asks (2)', async () => {
      const { browser, idToken } = await person();
      provider.clock.advance(2 * 24 * 3600);
      const answer = await browser.send(
        endSession({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/bye' }),
      );
      expect(answer.location).toBe('https://client.test/bye');
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it.each([
      'https://client.test/other',
      'https://client.test/bye/',
      'https://client.test/bye?y=2',
      'https://client.test/callback',
      'https://evil.test/',
      '//evil.test/',
      'javascript:alert(1)',
    ])('asks, says what is wrong, and never redirects to an address that is not registered: %s (3)', async (uri) => {
      const { browser, idToken } = await person();
      const page = await browser.open(
        endSession({ id_token_hint: idToken, post_logout_redirect_uri: uri, state: 's' }),
      );
      expect(page.status).toBe(200);
      expect(page.location).toBeUndefined();
      expect(page.text).toContain(
        'Test client asked to send you to an address that isn’t among its post-logout redirect URIs',
      );
      expect(page.text).toMatch(/<button[^>]*name="logout"[^>]*value="yes"/);
      expect(await isLoggedIn(browser)).toBe(true);
      const done = await browser.submit({ logout: 'yes' });
      expect([done.status, done.location]).toEqual([200, undefined]);
      expect(done.text).not.toContain(`href="${uri}`);
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it('shows the problem with the redirect URI without a session, too', async () => {
      const { idToken } = await person();
      const page = await new Browser().open(
        endSession({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/other' }),
      );
      expect([page.status, page.location]).toEqual([200, undefined]);
      expect(page.text).toContain(
        'Test client asked to send you to an address that isn’t among its post-logout redirect URIs',
      );
      expect(page.text).not.toContain('https://client.test/other');
    });

    it('never redirects without a known client, and shows why', async () => {
      const { browser } = await person();
      for (const one of [new Browser(), browser]) {
        const page = await one.open(endSession({ post_logout_redirect_uri: 'https://client.test/bye' }));
        expect([page.status, page.location]).toEqual([200, undefined]);
        expect(page.text).toContain('but not its application');
      }
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it.each<[string, (of: { idToken: string }) => Promise<Record<string, string>> | Record<string, string>]>([
      ['without a hint', () => ({})],
      [
        'with client_id alone',
        () => ({ client_id: registered.client.id, post_logout_redirect_uri: 'https://client.test/bye' }),
      ],
      ['with a hint of another person', async () => ({ id_token_hint: (await person()).idToken })],
      ['with a hint that is not ours', ({ idToken }) => ({ id_token_hint: `${idToken.slice(0, -6)}AAAAAA` })],
      [
        'with a hint of no signature',
        ({ idToken }) => ({
          id_token_hint: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${idToken.split('.')[1]}.`,
        }),
      ],
      ['with nonsense as hint', () => ({ id_token_hint: 'x'.repeat(3000) })],
    ])('asks the person %s, and does nothing until they say yes', async (_name, parameters) => {
      const one = await person();
      const page = await one.browser.open(endSession(await parameters(one)));
      expect(page.status).toBe(200);
      expect(page.text).toMatch(/<button[^>]*name="logout"[^>]*value="yes"/);
      expect(await isLoggedIn(one.browser)).toBe(true);
      await one.browser.submit({ logout: 'yes' });
      expect(await isLoggedIn(one.browser)).toBe(false);
    });

    it('asks about a hint of an earlier session of the same person', async () => {
      const { user, browser, idToken } = await person();
      await browser.open(`${provider.issuer}/logout`);
      await browser.submit({ logout: 'yes' });
      await provider.logIn(user, browser);
      expect((await browser.open(endSession({ id_token_hint: idToken }))).text).toContain('name="logout"');
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it('goes to the registered address after a yes, with the state', async () => {
      const { browser } = await person();
      await browser.open(
        endSession({
          client_id: registered.client.id,
          post_logout_redirect_uri: 'https://client.test/bye',
          state: 's',
        }),
      );
      const answer = await browser.submit({ logout: 'yes' });
      expect(answer.location).toBe('https://client.test/bye?state=s');
    });

    it('stays here after a no', async () => {
      const { browser } = await person();
      await browser.open(
        endSession({ client_id: registered.client.id, post_logout_redirect_uri: 'https://client.test/bye' }),
      );
      const answer = await browser.submit({ logout: 'no' });
      expect(answer.status).toBe(200);
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it.each([
      ['https://client.test/bye', "form-action 'self' http: https:"],
      ['com.example.app:/bye', "form-action 'self' com.example.app:"],
    ])('its page lets its form lead to the scheme of %s', async (uri, directive) => {
      const { browser } = await person();
      const page = await browser.open(endSession({ client_id: registered.client.id, post_logout_redirect_uri: uri }));
      expect(String(page.headers['content-security-policy'])).toContain(directive);
    });

    it('rejects the form without its CSRF token, and asks again', async () => {
      const { browser } = await person();
      await browser.open(
        endSession({ client_id: registered.client.id, post_logout_redirect_uri: 'https://client.test/bye' }),
      );
      expect((await browser.submit({ logout: 'yes' }, { without: ['csrf'] })).status).toBe(403);
      expect(await isLoggedIn(browser)).toBe(true);
      expect((await browser.submit({ logout: 'yes' })).location).toBe('https://client.test/bye');
    });

    it('rejects a client_id that is not the audience of the hint (2)', async () => {
      const { browser, idToken } = await person();
      const other = await provider.addClient();
      expect((await browser.send(endSession({ id_token_hint: idToken, client_id: other.client.id }))).status).toBe(400);
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it('rejects a repeated parameter', async () => {
      expect((await send(`${endSession({ state: 'a' })}&state=b`)).status).toBe(400);
    });

    it('shows a link and does not redirect without a session (RFC 9700 4.11.2)', async () => {
      const { idToken } = await person();
      const address = endSession({
        id_token_hint: idToken,
        post_logout_redirect_uri: 'https://client.test/bye',
        state: 's',
      });
      const page = await new Browser().open(address);
      expect([page.status, page.location]).toEqual([200, undefined]);
      expect(page.text).toContain('href="https://client.test/bye?state&#x3D;s"');
      expect(page.text).not.toContain('data-continue');
    });

    it('asks for confirmation if another user is signed in, and redirects after it', async () => {
      const [one, other] = [await person(), await person()];
      const page = await other.browser.open(
        endSession({ id_token_hint: one.idToken, post_logout_redirect_uri: 'https://client.test/bye', state: 's' }),
      );
      expect([page.status, page.location]).toEqual([200, undefined]);
      expect(await isLoggedIn(other.browser)).toBe(true);
      expect((await other.browser.submit({ logout: 'yes' })).location).toBe('https://client.test/bye?state=s');
      expect(await isLoggedIn(one.browser)).toBe(true);
    });

    it('takes POST, and returns 303 to a GET of the same, which carries the cookie (2)', async () => {
      const { browser, idToken } = await person();
      const body = new URLSearchParams({
        id_token_hint: idToken,
        post_logout_redirect_uri: 'https://client.test/bye',
        state: 's',
      }).toString();
      const answer = await send(`${provider.issuer}/oauth/logout`, {
        method: 'POST',
        body,
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Origin: 'https://client.test',
          'Sec-Fetch-Site': 'cross-site',
        },
      });
      expect(answer.status).toBe(303);
      expect((await browser.send(answer.location ?? '')).location).toBe('https://client.test/bye?state=s');
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it('a POST of another site with the fields of the form does not end the session', async () => {
      const { browser } = await person();
      await browser.open(endSession());
      const answer = await browser.submit(
        { logout: 'yes' },
        { headers: { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' } },
      );
      expect(answer.text).toContain('name="logout"');
      expect(await isLoggedIn(browser)).toBe(true);
    });
  });

  it('ends this session alone: another browser of the same person stays', async () => {
    const { user, browser } = await person();
    const other = await provider.logIn(user);
    await browser.open(`${provider.issuer}/logout`);
    await browser.submit({ logout: 'yes' });
    expect(await isLoggedIn(other)).toBe(true);
  });

  it('the sid of the ID token is that of the session', async () => {
    const { browser, idToken } = await person();
    const again = await obtainTokens(provider, browser, registered);
    expect(claimsOf(again.id_token)['sid']).toBe(claimsOf(idToken)['sid']);
  });
});
