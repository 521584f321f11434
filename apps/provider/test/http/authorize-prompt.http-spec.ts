import { Browser } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { claimsOf, obtainTokens, type Registered, type Tokens } from '../support/tokens';
import { openAuthorization, personWithConsent } from '../support/person-with-consent';

describe('what an authorization request asks of the person', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const knownPerson = () => personWithConsent(provider);
  const open = (...request: [Browser, Registered, Readonly<Record<string, string>>?]) =>
    openAuthorization(provider, ...request);

  it('succeeds without a page for a signed-in user who has allowed it before', async () => {
    const { browser, registered } = await knownPerson();
    const answer = await open(browser, registered);
    expect(answer.status).toBe(303);
    expect(answerOf(answer).has('code')).toBe(true);
  });

  it('asks again for a scope that was not allowed yet, and names all that is asked for', async () => {
    const { browser, registered } = await knownPerson();
    const consent = await open(browser, registered, { scope: 'openid email' });
    expect(browser.address).toContain('/consent?request=');
    expect(consent.text).toContain('email');
    await browser.submit({ confirm: 'yes' });
    // What was allowed before stays allowed.
    expect(answerOf(await open(browser, registered, { scope: 'openid profile email' })).has('code')).toBe(true);
  });

  it('answers access_denied to a no, with state and iss, and issues nothing (RFC 6749 4.1.2.1)', async () => {
    const browser = await provider.logIn(await provider.addUser());
    await open(browser, await provider.addClient());
    const answer = answerOf(await browser.submit({ confirm: 'no' }));
    expect(Object.fromEntries(answer)).toEqual({
      error: 'access_denied',
      error_description: expect.any(String) as unknown,
      state: 'some-state',
      iss: provider.issuer,
    });
  });

  it('asks nothing for a client that an administrator lets go without consent', async () => {
    const browser = await provider.logIn(await provider.addUser());
    expect(answerOf(await open(browser, await provider.addClient({ consentRequired: false }))).has('code')).toBe(true);
  });

  it('a consent of one person or client is not that of another', async () => {
    const { browser, user } = await knownPerson();
    await open(browser, await provider.addClient());
    expect(browser.address).toContain('/consent');
    const { registered } = await knownPerson();
    await open(await provider.logIn(user), registered);
    expect(browser.address).toContain('/consent');
  });

  describe.each(['login', 'select_account'])('prompt=%s', (prompt) => {
    it('shows the login page to a signed-in user, and continues after it', async () => {
      const { browser, registered, user } = await knownPerson();
      const page = await open(browser, registered, { prompt });
      expect(browser.address).toContain('/login?request=');
      expect(page.status).toBe(200);
      expect(answerOf(await browser.submit({ username: user.username, password: user.password })).has('code')).toBe(
        true,
      );
    });

    it('cannot be skipped by going to the request without logging in', async () => {
      const { browser, registered } = await knownPerson();
      await open(browser, registered, { prompt });
      const id = new URL(browser.address).searchParams.get('request') ?? '';
      const again = await browser.open(`${provider.issuer}/oauth/authorize/${encodeURIComponent(id)}`);
      expect(again.status).toBe(200);
      expect(browser.address).toContain('/login?request=');
    });
  });

  describe('prompt=select_account (OpenID Connect Core 3.1.2.1)', () => {
    const choose = (browser: Browser, account: string) => browser.submit({ account }, { action: '/login' });

    it('offers the account that is logged in, and goes on with it without a password', async () => {
      const { browser, registered, user } = await knownPerson();
      const page = await open(browser, registered, { prompt: 'select_account' });
      expect(page.text).toContain('Choose an account');
      expect(page.text).toContain(`Continue as ${user.username}`);
      expect(answerOf(await choose(browser, user.id)).has('code')).toBe(true);
    });

    it('lets another person log in instead, who is asked for consent', async () => {
      const { browser, registered } = await knownPerson();
      const other = await provider.addUser();
      await open(browser, registered, { prompt: 'select_account' });
      await browser.submit({ username: other.username, password: other.password });
      expect(browser.address).toContain('/consent?request=');
      expect(browser.page?.text).toContain(other.username);
    });

    it('goes with consent, which is asked after the choice', async () => {
      const { browser, registered, user } = await knownPerson();
      await open(browser, registered, { prompt: 'select_account consent' });
      await choose(browser, user.id);
      expect(browser.address).toContain('/consent?request=');
      expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    });

    it.each([{ prompt: 'login select_account' }, { prompt: 'select_account', max_age: '0' }])(
      'with %j offers no account that a login would not be fresh with',
      async (parameters) => {
        const { browser, registered, user } = await knownPerson();
        const page = await open(browser, registered, parameters);
        expect(page.text).not.toContain('Continue as');
        const refused = await browser.submit({ account: user.id });
        expect(refused.status).toBe(409);
        expect(browser.address).not.toContain('client.test');
      },
    );

    it('takes no account that is not the one logged in, and no forged form', async () => {
      const { browser, registered } = await knownPerson();
      const other = await provider.addUser();
      await open(browser, registered, { prompt: 'select_account' });
      expect((await choose(browser, other.id)).status).toBe(409);
      const forged = await browser.submit({ account: other.id }, { headers: { Origin: 'https://evil.test' } });
      expect(forged.status).toBe(403);
    });

    it('a choice made before another login does not count for it', async () => {
      const { browser, registered, user } = await knownPerson();
      await open(browser, registered, { prompt: 'select_account consent' });
      const id = new URL(browser.address).searchParams.get('request') ?? '';
      await choose(browser, user.id);
      provider.clock.advance(5);
      await browser.open(`${provider.issuer}/login?prompt=login`);
      const other = await provider.addUser();
      await browser.submit({ username: other.username, password: other.password });
      await browser.open(`${provider.issuer}/oauth/authorize/${encodeURIComponent(id)}`);
      expect(browser.page?.text).toContain(`Continue as ${other.username}`);
    });
  });

  it('prompt=login gives an ID token whose auth_time is of the new login (OpenID Connect Core 3.1.2.1)', async () => {
    const { browser, registered, user } = await knownPerson();
    provider.clock.advance(500);
    const { parameters, proof } = authorizationRequest(registered.client, { prompt: 'login' });
    await browser.open(authorizeUrl(provider, parameters));
    const code = answerOf(await browser.submit({ username: user.username, password: user.password })).get('code') ?? '';
    const tokens = (await redeem(provider, registered, code, proof.verifier)).json<Tokens>();
    expect(claimsOf(tokens.id_token)['auth_time']).toBe(provider.clock.now());
  });

  it('prompt=consent asks a user who has allowed it before, once', async () => {
    const { browser, registered } = await knownPerson();
    const page = await open(browser, registered, { prompt: 'consent' });
    expect(page.status).toBe(200);
    expect(browser.address).toContain('/consent?request=');
    expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
  });

  it('prompt="login consent" asks both, in this order', async () => {
    const { browser, registered, user } = await knownPerson();
    await open(browser, registered, { prompt: 'login consent' });
    expect(browser.address).toContain('/login?request=');
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toContain('/consent?request=');
    expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
  });

  describe('a native client whose redirect URI any application on the device may take (RFC 8252 8.6)', () => {
    const native = { type: 'public', authMethod: 'none', applicationType: 'native' } as const;
    const says = (answer: { location?: string | undefined; status: number }): string => {
      if (answer.location === undefined) return `page ${answer.status}`;
      const parameters = new URL(answer.location).searchParams;
      return parameters.get('error') ?? (parameters.has('code') ? 'code' : answer.location);
    };

    it.each([
      ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb'],
      ['com.example.app:/cb', 'com.example.app:/cb'],
    ])('is allowed once per request: %s', async (registeredUri, redirect_uri) => {
      const { client } = await provider.addClient({ ...native, redirectUris: [registeredUri] });
      const browser = await provider.logIn(await provider.addUser());
      const ask = (more: Record<string, string> = {}) =>
        browser.open(authorizeUrl(provider, authorizationRequest(client, { redirect_uri, ...more }).parameters));
      for (let round = 0; round < 2; round++) {
        await ask();
        expect(browser.address).toContain('/consent');
        expect(says(await browser.submit({ confirm: 'yes' }))).toBe('code');
        expect(says(await ask({ prompt: 'none' }))).toBe('consent_required');
      }
    });

    it.each([
      ['with a claimed https address', { ...native, redirectUris: ['https://app.test/cb'] }],
      ['no native client, with a registered loopback address', { redirectUris: ['http://127.0.0.1:4321/cb'] }],
    ])('is allowed once %s', async (_name, draft) => {
      const { client } = await provider.addClient(draft);
      const browser = await provider.logIn(await provider.addUser());
      const ask = (more: Record<string, string> = {}) =>
        browser.open(authorizeUrl(provider, authorizationRequest(client, more).parameters));
      await ask();
      expect(says(await browser.submit({ confirm: 'yes' }))).toBe('code');
      expect(says(await ask({ prompt: 'none' }))).toBe('code');
    });

    it('asks nothing where an administrator lets it go without consent', async () => {
      const { client } = await provider.addClient({
        ...native,
        redirectUris: ['http://127.0.0.1/cb'],
        consentRequired: false,
      });
      const browser = await provider.logIn(await provider.addUser());
      const { parameters } = authorizationRequest(client, {
        redirect_uri: 'http://127.0.0.1:51004/cb',
        prompt: 'none',
      });
      expect(says(await browser.open(authorizeUrl(provider, parameters)))).toBe('code');
    });
  });

  describe('max_age (OpenID Connect Core 3.1.2.1)', () => {
    it('lets a login that is younger go through', async () => {
      const { browser, registered } = await knownPerson();
      provider.clock.advance(50);
      expect(answerOf(await open(browser, registered, { max_age: '51' })).has('code')).toBe(true);
    });

    it('requires a new login after a longer time, and the ID token contains its time', async () => {
      const { browser, registered, user } = await knownPerson();
      // In whole seconds: 50 may be 50.9.
      provider.clock.advance(50);
      const { parameters, proof } = authorizationRequest(registered.client, { max_age: '50' });
      await browser.open(authorizeUrl(provider, parameters));
      expect(browser.address).toContain('/login?request=');
      const code =
        answerOf(await browser.submit({ username: user.username, password: user.password })).get('code') ?? '';
      const tokens = (await redeem(provider, registered, code, proof.verifier)).json<Tokens>();
      expect(claimsOf(tokens.id_token)['auth_time']).toBe(provider.clock.now());
    });

    it.each(['0', '1'])(
      '%s asks, and a login made for this request is enough, however slow the rest',
      async (maxAge) => {
        const { browser, registered, user } = await knownPerson();
        provider.clock.advance(2);
        await open(browser, registered, { max_age: maxAge, scope: 'openid email' });
        expect(browser.address).toContain('/login?request=');
        provider.clock.advance(30);
        await browser.submit({ username: user.username, password: user.password });
        expect(browser.address).toContain('/consent?request=');
        provider.clock.advance(300);
        expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
      },
    );

    it('1 asks a second after the login already, and the new auth_time is later', async () => {
      const { browser, registered, user, idToken } = await knownPerson();
      provider.clock.advance(1);
      const { parameters, proof } = authorizationRequest(registered.client, { max_age: '1' });
      await browser.open(authorizeUrl(provider, parameters));
      expect(browser.address).toContain('/login?request=');
      const answer = await browser.submit({ username: user.username, password: user.password });
      const tokens = (
        await redeem(provider, registered, answerOf(answer).get('code') ?? '', proof.verifier)
      ).json<Tokens>();
      expect(Number(claimsOf(tokens.id_token)['auth_time'])).toBeGreaterThan(Number(claimsOf(idToken)['auth_time']));
    });

    it('default_max_age of the client holds where the request has none, and require_auth_time is always met', async () => {
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      const registered = await provider.addClient({ defaultMaxAge: 60, requireAuthTime: true, consentRequired: false });
      const tokens = await obtainTokens(provider, browser, registered);
      expect(claimsOf(tokens.id_token)['auth_time']).toEqual(expect.any(Number));
      provider.clock.advance(60);
      await open(browser, registered);
      expect(browser.address).toContain('/login?request=');
      expect(answerOf(await open(browser, registered, { max_age: '100' })).has('code')).toBe(true);
    });

    it('0 is prompt=login: it asks even in the second of the login', async () => {
      const { browser, registered } = await knownPerson();
      await open(browser, registered, { max_age: '0' });
      expect(browser.address).toContain('/login?request=');
    });
  });

  it('an id_token_hint of another user requires a login instead of using the current session', async () => {
    const { browser, registered } = await knownPerson();
    const other = await provider.addUser();
    const { id_token: hint = '' } = await obtainTokens(provider, await provider.logIn(other), registered, {
      scope: 'openid profile',
    });
    await open(browser, registered, { id_token_hint: hint });
    expect(browser.address).toContain('/login?request=');
    expect(answerOf(await browser.submit({ username: other.username, password: other.password })).has('code')).toBe(
      true,
    );
  });

  it('login_hint stands in the login form', async () => {
    const registered = await provider.addClient();
    const browser = new Browser();
    const page = await open(browser, registered, { login_hint: 'ada"<x>' });
    expect(page.text).toContain('value="ada&quot;&lt;x&gt;"');
  });

  it('ignores wishes that it does not know how to fulfil (OpenID Connect Core 3.1.2.1)', async () => {
    const { browser, registered } = await knownPerson();
    const wishes = {
      display: 'hologram',
      ui_locales: 'tlh de',
      acr_values: 'urn:unheard',
      claims_locales: 'x',
      claims: '{}',
    };
    expect(answerOf(await open(browser, registered, wishes)).has('code')).toBe(true);
  });
});
