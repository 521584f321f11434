import { Browser, formOf } from '../support/browser';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { claimsOf, isActive, obtainTokens } from '../support/tokens';

describe('the login page and the session that it starts', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const sessionOf = (browser: Browser) => browser.cookie(provider.host, 'gatehouse_session');
  const isLoggedIn = async (browser: Browser) => (await browser.send(`${provider.issuer}/home`)).status === 200;
  const openLogin = async () => {
    const browser = new Browser();
    return { browser, page: await browser.open(`${provider.issuer}/login`) };
  };

  it('has the fields that scripts rely on', async () => {
    const { page } = await openLogin();
    expect(page.status).toBe(200);
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.text).toMatch(/<input[^>]*name="username"/);
    expect(page.text).toMatch(/<input[^>]*type="password"[^>]*name="password"/);
    expect(page.text).toMatch(/<button[^>]*type="submit"/);
  });

  it('returns 401 to a wrong password, with the username still there and the password not', async () => {
    const user = await provider.addUser();
    const { browser } = await openLogin();
    const answer = await browser.submit({ username: user.username, password: 'not the password' });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain(`value="${user.username}"`);
    expect(answer.text).not.toContain('not the password');
    expect(sessionOf(browser)).toBeUndefined();
  });

  it('answers an unknown username, a disabled account and one without a password alike', async () => {
    const { browser } = await openLogin();
    const sentence = /role="alert"[^]*?<\/div>/;
    const user = await provider.addUser();
    const wrong = await browser.submit({ username: user.username, password: 'x' });
    const unknown = await browser.submit({ username: 'nobody-of-this-name', password: 'x' });
    const withoutPassword = await browser.submit({ username: 'admin', password: 'x' });
    expect([unknown.status, withoutPassword.status]).toEqual([wrong.status, wrong.status]);
    expect(sentence.exec(unknown.text)?.[0]).toBe(sentence.exec(wrong.text)?.[0]);
    expect(sentence.exec(withoutPassword.text)?.[0]).toBe(sentence.exec(wrong.text)?.[0]);
  });

  it('hashes for an unknown username too: the time tells nothing', async () => {
    const user = await provider.addUser();
    const { browser } = await openLogin();
    const fastest = async (username: string) => {
      let best = Infinity;
      for (let round = 0; round < 4; round++) {
        const from = performance.now();
        await browser.submit({ username, password: 'x' });
        best = Math.min(best, performance.now() - from);
      }
      return best;
    };
    const known = await fastest(user.username);
    expect(await fastest('nobody-at-all')).toBeGreaterThan(known / 3);
  });

  it('takes the username in any case and the password in any Unicode form', async () => {
    const user = await provider.addUser({ username: 'Grace.Hopper', password: 'pässword with ümlauts' });
    expect(
      await isLoggedIn(await provider.logIn({ username: 'grace.hopper', password: user.password.normalize('NFD') })),
    ).toBe(true);
  });

  it('takes passwords of 256 characters, and rejects longer ones without harm', async () => {
    const user = await provider.addUser({ password: 'p'.repeat(256) });
    expect(await isLoggedIn(await provider.logIn(user))).toBe(true);
    const { browser } = await openLogin();
    expect((await browser.submit({ username: user.username, password: 'p'.repeat(100_000) })).status).toBe(401);
    expect((await browser.submit({ username: user.username, password: 'p'.repeat(300_000) })).status).toBe(413);
  });

  describe('a form that is rejected (403) shows itself again', () => {
    const typed = { username: 'what-i-typed', password: 'what I typed secretly' };

    it.each<[string, Parameters<Browser['submit']>[1]]>([
      ['without CSRF token', { without: ['csrf'] }],
      ['with a CSRF token of nobody', {}],
    ])('%s: the username is kept, the password never', async (_name, options) => {
      const { browser } = await openLogin();
      const answer = await browser.submit({ ...typed, ...(options?.without ? {} : { csrf: 'abc.def' }) }, options);
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('value="what-i-typed"');
      expect(answer.text).not.toContain('secretly');
    });

    it('with the CSRF token of another browser', async () => {
      const other = await openLogin();
      const token = /name="csrf" value="([^"]+)"/.exec(other.page.text)?.[1] ?? '';
      const { browser } = await openLogin();
      expect((await browser.submit({ ...typed, csrf: token })).status).toBe(403);
    });

    it('with an expired one, and then goes through', async () => {
      const user = await provider.addUser();
      const { browser } = await openLogin();
      provider.clock.advance(24 * 3600 + 1);
      const again = await browser.submit({ username: user.username, password: user.password });
      expect(again.status).toBe(403);
      expect(again.text).toContain(`value="${user.username}"`);
      await browser.submit({ password: user.password });
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it.each(['https://evil.test', 'null', 'http://127.0.0.1:1'])(
      'from the origin %s: nothing of it is shown',
      async (origin) => {
        const { browser } = await openLogin();
        const answer = await browser.submit(typed, { headers: { Origin: origin } });
        expect(answer.status).toBe(403);
        expect(answer.text).not.toContain('what-i-typed');
        expect(sessionOf(browser)).toBeUndefined();
      },
    );

    it('from another site, by a browser that sends no Origin', async () => {
      const { browser, page } = await openLogin();
      const fields = new URLSearchParams([
        ...formOf(page.text).fields.filter(([name]) => name === 'csrf'),
        ...Object.entries(typed),
      ]).toString();
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const url = `${provider.issuer}/login`;
      expect(
        (
          await browser.send(url, {
            method: 'POST',
            body: fields,
            headers: { ...headers, 'Sec-Fetch-Site': 'cross-site' },
          })
        ).status,
      ).toBe(403);
      expect((await browser.send(url, { method: 'POST', body: fields, headers })).status).toBe(403);
      expect(
        (
          await browser.send(url, {
            method: 'POST',
            body: fields,
            headers: { ...headers, 'Sec-Fetch-Site': 'same-origin' },
          })
        ).status,
      ).toBe(401);
    });
  });

  describe('session cookie', () => {
    it('gets a new value at each login, and the old one is worth nothing', async () => {
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      const before = browser.clone();
      const first = sessionOf(browser);
      await logInAgain(browser, user);
      expect(sessionOf(browser)).not.toBe(first);
      expect(await isLoggedIn(browser)).toBe(true);
      expect(await isLoggedIn(before)).toBe(false);
    });

    it('that was planted before the login is not taken over (fixation)', async () => {
      const attacker = new Browser();
      await attacker.open(`${provider.issuer}/login`);
      const planted = 'abc123.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
      attacker.setCookie(provider.host, 'gatehouse_session', planted);
      const victim = attacker.clone();
      await provider.logIn(await provider.addUser(), victim);
      expect(sessionOf(victim)).not.toBe(planted);
      expect(await isLoggedIn(victim)).toBe(true);
      expect(await isLoggedIn(attacker)).toBe(false);
    });

    it.each(['x', 'a.b', '0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'x'.repeat(5000)])(
      'of nonsense is a stranger (%#)',
      async (value) => {
        const browser = new Browser();
        browser.setCookie(provider.host, 'gatehouse_session', value);
        expect(await isLoggedIn(browser)).toBe(false);
      },
    );
  });

  /** What prompt=login does: the login page for someone who is logged in. */
  async function logInAgain(browser: Browser, user: { username: string; password: string }): Promise<void> {
    const { client } = await provider.addClient({ consentRequired: false });
    await browser.open(authorizeUrl(provider, authorizationRequest(client, { prompt: 'login' }).parameters));
    expect(answerOf(await browser.submit({ username: user.username, password: user.password })).has('code')).toBe(true);
  }

  it('the same person again keeps the session: sid and grants live, auth_time is new', async () => {
    const user = await provider.addUser();
    const registered = await provider.addClient({ consentRequired: false });
    const browser = await provider.logIn(user);
    const first = await obtainTokens(provider, browser, registered);
    provider.clock.advance(100);
    await logInAgain(browser, user);
    const second = await obtainTokens(provider, browser, registered);
    expect(claimsOf(second.id_token)['sid']).toBe(claimsOf(first.id_token)['sid']);
    expect(claimsOf(second.id_token)['auth_time']).toBe(Number(claimsOf(first.id_token)['auth_time']) + 100);
    expect(await isActive(provider, registered, first.access_token)).toBe(true);
  });

  it('another person first ends the old session and its grants', async () => {
    const registered = await provider.addClient({ consentRequired: false });
    const browser = await provider.logIn(await provider.addUser());
    const first = await obtainTokens(provider, browser, registered);
    const before = browser.clone();
    await logInAgain(browser, await provider.addUser());
    const second = await obtainTokens(provider, browser, registered);
    expect(claimsOf(second.id_token)['sid']).not.toBe(claimsOf(first.id_token)['sid']);
    expect(await isActive(provider, registered, first.access_token)).toBe(false);
    expect(await isActive(provider, registered, second.access_token)).toBe(true);
    expect(await isLoggedIn(before)).toBe(false);
  });

  it('a session ends when it is not used for GATEHOUSE_SESSION_IDLE_LIFETIME, and at GATEHOUSE_SESSION_LIFETIME however busy', async () => {
    const idle = await provider.logIn(await provider.addUser());
    const busy = await provider.logIn(await provider.addUser());
    for (let day = 1; day <= 29; day++) {
      provider.clock.advance(24 * 3600);
      expect({ day, busy: await isLoggedIn(busy) }).toEqual({ day, busy: true });
      // The note of its last use is written beside the request.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await isLoggedIn(idle)).toBe(false);
    provider.clock.advance(24 * 3600);
    expect(await isLoggedIn(busy)).toBe(false);
  });

  it('redirects a signed-in user from /login to the home page', async () => {
    const browser = await provider.logIn(await provider.addUser());
    await browser.open(`${provider.issuer}/login`);
    expect(browser.address).toBe(`${provider.issuer}/home`);
    await browser.open(`${provider.issuer}/`);
    expect(browser.address).toBe(`${provider.issuer}/home`);
  });

  it('/ leads to the login page without a session', async () => {
    const browser = new Browser();
    await browser.open(`${provider.issuer}/`);
    expect(browser.address).toMatch(/\/login/);
  });
});
