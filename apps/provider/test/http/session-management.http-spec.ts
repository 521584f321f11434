import { createHash } from 'node:crypto';
import { BROWSER_STATE_COOKIE } from '../../src/users/sessions/browser-states.service';
import { Browser, formOf, send, type Answer } from '../support/browser';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(60_000);

const configuration = '/.well-known/openid-configuration';

describe('session management (OpenID Connect Session Management 1.0)', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ tls: true });
  });
  afterAll(() => provider.close());

  const stateOf = (browser: Browser) => browser.cookie('localhost', BROWSER_STATE_COOKIE);
  /** What the frame computes (3.2), for a page of this origin. */
  const isOf = (sessionState: string | null, clientId: string, browser: Browser, origin = 'https://client.test') => {
    const [hash, salt] = String(sessionState).split('.');
    const text = `${clientId} ${origin} ${String(stateOf(browser))} ${String(salt)}`;
    return createHash('sha256').update(text).digest('base64url') === hash;
  };
  const addClient = (more: Parameters<TestProvider['addClient']>[0] = {}) =>
    provider.addClient({ consentRequired: false, ...more });
  const ask = async (
    browser: Browser,
    { client }: Awaited<ReturnType<typeof addClient>>,
    overrides: Record<string, string | undefined> = {},
  ) => browser.open(authorizeUrl(provider, authorizationRequest(client, overrides).parameters));
  const linesOf = (answer: Answer) =>
    (answer.headers['set-cookie'] ?? []).filter((line) => line.startsWith(`${BROWSER_STATE_COOKIE}=`));
  const logOut = async (browser: Browser) => {
    await browser.open(`${provider.base}/logout`);
    expect((await browser.submit({ logout: 'yes' })).status).toBe(200);
  };

  it('sets a cookie of its own with the login: Secure, SameSite=None, readable by scripts, gone with the session', async () => {
    const { username, password } = await provider.addUser();
    const browser = new Browser();
    const page = await browser.open(`${provider.base}/login`);
    expect(linesOf(page)).toEqual([]);
    const answer = await browser.send(`${provider.base}/login`, {
      method: 'POST',
      body: new URLSearchParams([
        ...new Map([...formOf(page.text).fields, ['username', username], ['password', password]]),
      ]).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
    });
    const lines = linesOf(answer);
    expect(lines).toHaveLength(1);
    const [value, ...attributes] = String(lines[0]).split('; ');
    expect(value).toMatch(/=[\w-]{43}$/);
    const session = (answer.headers['set-cookie'] ?? []).find((line) => line.includes('_session='));
    const maxAge = /Max-Age=\d+/.exec(String(session))?.[0];
    expect(attributes.sort()).toEqual([maxAge, 'Path=/', 'SameSite=None', 'Secure']);
    // No authority: neither the session's value nor made of it, and worth nothing alone.
    const thief = new Browser();
    thief.setCookie('localhost', BROWSER_STATE_COOKIE, String(stateOf(browser)));
    expect((await thief.open(`${provider.base}/home`)).text).toContain('name="password"');
  });

  it.each([
    ['code', 'query'],
    ['id_token', 'fragment'],
    ['code', 'form_post'],
  ])('gives session_state with %s by %s (2)', async (response_type, response_mode) => {
    const client = await addClient({
      grantTypes: ['authorization_code', 'implicit'],
      responseTypes: ['code', 'id_token'],
    });
    const browser = await provider.logIn(await provider.addUser());
    const answer = await ask(browser, client, {
      response_type,
      response_mode,
      ...(response_type === 'id_token' ? { code_challenge: undefined, code_challenge_method: undefined } : {}),
    });
    const parameters =
      response_mode === 'form_post'
        ? new URLSearchParams([...formOf(answer.text).fields])
        : new URLSearchParams(
            response_mode === 'query'
              ? new URL(answer.location ?? '').search
              : new URL(answer.location ?? '').hash.slice(1),
          );
    expect(parameters.get('error')).toBeNull();
    expect(isOf(parameters.get('session_state'), client.client.id, browser)).toBe(true);
  });

  it('salts each session_state, and binds it to client and origin', async () => {
    const client = await addClient({
      redirectUris: ['https://client.test/callback', 'http://127.0.0.1:4321/callback'],
    });
    const browser = await provider.logIn(await provider.addUser());
    const given = async (redirect_uri = 'https://client.test/callback') =>
      answerOf(await ask(browser, client, { redirect_uri })).get('session_state');
    const [first, second] = [await given(), await given()];
    expect(first).not.toBe(second);
    expect(first).not.toContain(' ');
    expect(isOf(first, 'another client', browser)).toBe(false);
    expect(
      isOf(await given('http://127.0.0.1:4321/callback'), client.client.id, browser, 'http://127.0.0.1:4321'),
    ).toBe(true);
  });

  it('gives none without openid, and none to an address of an application (it has no web origin)', async () => {
    const client = await addClient({
      type: 'public',
      authMethod: 'none',
      redirectUris: ['com.example.app:/callback'],
    });
    const browser = await provider.logIn(await provider.addUser());
    const native = new URL((await ask(browser, client)).location ?? '').searchParams;
    expect(native.get('code')).toEqual(expect.any(String));
    expect(native.has('session_state')).toBe(false);
    const plain = answerOf(await ask(browser, await addClient(), { scope: 'profile' }));
    expect(plain.get('code')).toEqual(expect.any(String));
    expect(plain.has('session_state')).toBe(false);
  });

  it('keeps the state from answer to answer, and makes one for a session that has none', async () => {
    const client = await addClient();
    const browser = await provider.logIn(await provider.addUser());
    const first = answerOf(await ask(browser, client)).get('session_state');
    await ask(browser, client);
    expect(isOf(first, client.client.id, browser)).toBe(true);
    browser.setCookie('localhost', BROWSER_STATE_COOKIE, '');
    const answer = await ask(browser, client);
    expect(linesOf(answer)[0]).toMatch(/Max-Age=\d+/);
    expect(isOf(answerOf(answer).get('session_state'), client.client.id, browser)).toBe(true);
    browser.setCookie('localhost', BROWSER_STATE_COOKIE, 'chosen-by-somebody');
    await ask(browser, client);
    expect(stateOf(browser)).toMatch(/^[\w-]{43}$/);
  });

  it('changes it by logout; prompt=none then gets the state of no session, until a user logs in (3.1)', async () => {
    const client = await addClient();
    const person = await provider.addUser();
    const browser = await provider.logIn(person);
    const before = answerOf(await ask(browser, client)).get('session_state');
    await logOut(browser);
    expect(stateOf(browser)).toMatch(/^[\w-]{43}$/);
    expect(isOf(before, client.client.id, browser)).toBe(false);
    const nobody = answerOf(await ask(browser, client, { prompt: 'none' }));
    expect(nobody.get('error')).toBe('login_required');
    expect(isOf(nobody.get('session_state'), client.client.id, browser)).toBe(true);
    await provider.logIn(person, browser);
    expect(isOf(nobody.get('session_state'), client.client.id, browser)).toBe(false);
  });

  it('changes it by logout that a client asks for', async () => {
    const client = await addClient();
    const browser = await provider.logIn(await provider.addUser());
    const before = answerOf(await ask(browser, client)).get('session_state');
    await browser.open(`${provider.base}/oauth/logout?client_id=${client.client.id}`);
    await browser.submit({ logout: 'yes' });
    expect(isOf(before, client.client.id, browser)).toBe(false);
  });

  it('changes it when the session was ended elsewhere, as soon as this browser comes by', async () => {
    const client = await addClient();
    const browser = await provider.logIn(await provider.addUser());
    const before = answerOf(await ask(browser, client)).get('session_state');
    const elsewhere = browser.clone();
    await logOut(elsewhere);
    const answer = answerOf(await ask(browser, client, { prompt: 'none' }));
    expect(answer.get('error')).toBe('login_required');
    expect(isOf(before, client.client.id, browser)).toBe(false);
    expect(isOf(answer.get('session_state'), client.client.id, browser)).toBe(true);
  });

  it('returns the state of no session for prompt=none without a session, in a cookie until the browser closes', async () => {
    const client = await addClient();
    const browser = new Browser();
    const answer = await ask(browser, client, { prompt: 'none' });
    expect(linesOf(answer)).toHaveLength(1);
    expect(linesOf(answer)[0]).not.toContain('Max-Age');
    expect(isOf(answerOf(answer).get('session_state'), client.client.id, browser)).toBe(true);
  });

  it('offers check_session_iframe: that page alone may be framed, by anybody, and sets no cookie (3.3)', async () => {
    const metadata = (await send(provider.base + configuration)).json();
    expect(metadata['check_session_iframe']).toBe(`${provider.issuer}/oauth/check-session`);
    const frame = await send(String(metadata['check_session_iframe']));
    expect(frame.status).toBe(200);
    expect(frame.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(frame.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; form-action 'none'; frame-ancestors *; base-uri 'none'",
    );
    expect(frame.headers['x-frame-options']).toBeUndefined();
    expect(frame.headers['x-content-type-options']).toBe('nosniff');
    expect(frame.headers['set-cookie']).toBeUndefined();
    expect(frame.text).not.toMatch(/<form|<a |<script>/);
    const script = await send(provider.base + String(/<script src="([^"]+)"/.exec(frame.text)?.[1]));
    expect(script.status).toBe(200);
    expect(script.text).toContain(BROWSER_STATE_COOKIE);
    for (const path of ['/login', '/logout', '/oauth/logout', '/nowhere']) {
      const { headers } = await send(provider.base + path);
      expect({ path, policy: headers['content-security-policy'], frame: headers['x-frame-options'] }).toEqual({
        path,
        policy: expect.stringContaining("frame-ancestors 'none'") as string,
        frame: 'DENY',
      });
    }
  });

  it('has nothing of it on an http issuer', async () => {
    const plain = await startProvider();
    try {
      const metadata = (await send(plain.base + configuration)).json();
      expect(metadata['check_session_iframe']).toBeUndefined();
      expect((await send(`${plain.base}/oauth/check-session`)).status).toBe(404);
      const { client } = await plain.addClient({ consentRequired: false });
      const browser = await plain.logIn(await plain.addUser());
      const answer = await browser.open(authorizeUrl(plain, authorizationRequest(client).parameters));
      expect(answerOf(answer).get('code')).toEqual(expect.any(String));
      expect(answerOf(answer).has('session_state')).toBe(false);
      expect(browser.cookie(plain.host, BROWSER_STATE_COOKIE)).toBeUndefined();
    } finally {
      await plain.close();
    }
  });
});
