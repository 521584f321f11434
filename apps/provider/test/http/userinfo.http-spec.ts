import { send, type Answer, type Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens, type Registered } from '../support/tokens';
import { SetUserState } from '../../src/users/operations/set-user-state';

describe('what an access token opens here', () => {
  let provider: TestProvider;
  let registered: Registered;
  let browser: Browser;
  let user: { id: string; username: string };
  beforeAll(async () => {
    provider = await startProvider();
    const person = await provider.addUser({ username: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' });
    user = person;
    registered = await provider.addClient({ scope: ['openid', 'profile', 'email', 'roles', 'read'] });
    browser = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  const tokenFor = async (scope: string) => (await obtainTokens(provider, browser, registered, { scope })).access_token;
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    send(`${provider.issuer}${path}`, { headers });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    send(`${provider.issuer}/oauth/userinfo`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    });

  describe('UserInfo (OpenID Connect Core 5.3)', () => {
    it('answers the sub alone to the scope openid', async () => {
      const answer = await ask('/oauth/userinfo', bearer(await tokenFor('openid')));
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.json()).toEqual({ sub: user.id });
    });

    it('answers claims by scope (5.4)', async () => {
      expect((await ask('/oauth/userinfo', bearer(await tokenFor('openid profile email roles')))).json()).toEqual({
        sub: user.id,
        name: 'Ada Lovelace',
        preferred_username: 'ada',
        updated_at: expect.any(Number) as unknown,
        email: 'ada@example.com',
        email_verified: false,
        roles: ['user'],
      });
    });

    it('takes POST with the token in the header (5.3.1)', async () => {
      expect((await post('', bearer(await tokenFor('openid')))).json()).toEqual({ sub: user.id });
    });

    it('takes POST with the token in the body (RFC 6750 2.2)', async () => {
      expect((await post(`access_token=${await tokenFor('openid')}`)).json()).toEqual({ sub: user.id });
    });

    it('rejects a token without the scope openid: insufficient_scope (RFC 6750 3.1)', async () => {
      const answer = await ask('/oauth/userinfo', bearer(await tokenFor('read')));
      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toMatch(
        /^Bearer realm="[^"]+", error="insufficient_scope", error_description="[^"]+", scope="openid"$/,
      );
    });

    it('rejects a token in header and body at once (RFC 6750 2)', async () => {
      const token = await tokenFor('openid');
      const answer = await post(`access_token=${token}`, bearer(token));
      expect(answer.status).toBe(400);
      expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    });

    it('rejects a repeated token in the body', async () => {
      const token = await tokenFor('openid');
      expect((await post(`access_token=${token}&access_token=${token}`)).status).toBe(400);
    });
  });

  it('/api/me answers the username, as the example did', async () => {
    const answer = await ask('/api/me', bearer(await tokenFor('read')));
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ username: 'ada' });
  });

  describe.each(['/oauth/userinfo', '/api/me'])('%s', (path) => {
    function expectInvalidToken(answer: Answer): void {
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(
        /^Bearer realm="[^"]+", error="invalid_token", error_description="[^"]+"$/,
      );
      expect(answer.headers['cache-control']).toBe('no-store');
    }

    it('challenges a request without a token, with no error code (RFC 6750 3.1)', async () => {
      const answer = await ask(path);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(
        /^Bearer realm="[^"]+", DPoP realm="[^"]+", algs="[A-Za-z0-9 ]+"$/,
      );
    });

    it.each(['Bearer', 'Bearer x', 'Bearer a.b', 'Basic YTpi', `Bearer ${'x'.repeat(7000)}`])(
      'refuses %#',
      async (authorization) => {
        expectInvalidToken(await ask(path, { Authorization: authorization }));
      },
    );

    it('takes the scheme in any case (RFC 9110 11.1)', async () => {
      expect((await ask(path, { Authorization: `bEARER ${await tokenFor('openid')}` })).status).toBe(200);
    });

    it('never takes a token from the query (RFC 9700 4.3.2)', async () => {
      expect((await ask(`${path}?access_token=${await tokenFor('openid')}`)).status).toBe(401);
    });

    it('is not opened by the cookie of a login', async () => {
      expect((await browser.send(`${provider.issuer}${path}`)).status).toBe(401);
    });

    it('rejects an expired token', async () => {
      const token = await tokenFor('openid');
      provider.clock.advance(3600);
      expectInvalidToken(await ask(path, bearer(token)));
    });

    it('rejects an ID token', async () => {
      const tokens = await obtainTokens(provider, browser, registered);
      expectInvalidToken(await ask(path, bearer(tokens.id_token ?? '')));
    });

    it('rejects the token of a disabled user', async () => {
      const person = await provider.addUser();
      const token = (await obtainTokens(provider, await provider.logIn(person), registered)).access_token;
      await provider.execute(SetUserState, { id: person.id, disabled: true });
      expectInvalidToken(await ask(path, bearer(token)));
    });
  });
});
