import type { Browser } from '../support/browser';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { introspect, obtainRefreshToken, obtainTokens, refresh, type Registered } from '../support/tokens';

describe('token introspection (RFC 7662)', () => {
  let provider: TestProvider;
  let registered: Registered;
  let browser: Browser;
  let user: { id: string; username: string };
  beforeAll(async () => {
    provider = await startProvider();
    const person = await provider.addUser();
    user = person;
    registered = await provider.addClient();
    browser = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  const inactive = { active: false };

  it('tells a client of its own access token (2.2)', async () => {
    const now = provider.clock.now();
    const tokens = await obtainTokens(provider, browser, registered);
    const answer = await introspect(provider, registered, tokens.access_token);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      active: true,
      iss: provider.issuer,
      client_id: registered.client.id,
      scope: 'openid',
      sub: user.id,
      username: user.username,
      token_type: 'Bearer',
      // RFC 9470 6.2
      acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      auth_time: now,
      iat: now,
      exp: now + 3600,
    });
  });

  it('tells of its refresh token, which is no Bearer token', async () => {
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const seen = (await introspect(provider, registered, tokens.refresh_token)).json();
    expect(seen).toMatchObject({ active: true, sub: user.id, scope: 'openid profile offline_access' });
    expect(seen).not.toHaveProperty('token_type');
  });

  it.each(['access_token', 'refresh_token', 'something'])(
    'finds a token whatever the token_type_hint says (%s)',
    async (hint) => {
      const tokens = await obtainRefreshToken(provider, browser, registered);
      for (const token of [tokens.access_token, tokens.refresh_token])
        expect((await introspect(provider, registered, token, { token_type_hint: hint })).json()).toMatchObject({
          active: true,
        });
    },
  );

  it('answers every other client active: false, and nothing more (2.2)', async () => {
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const other = await provider.addClient();
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await introspect(provider, other, token)).json()).toEqual(inactive);
  });

  it.each(['x', 'a.b', `${'1'.repeat(10_000)}`, 'ä ö'])(
    'answers active: false to what is no token (%#)',
    async (token) => {
      const answer = await introspect(provider, registered, token);
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual(inactive);
    },
  );

  it('returns active: false to an ID token and to a token whose secret half was changed', async () => {
    const tokens = await obtainTokens(provider, browser, registered);
    expect((await introspect(provider, registered, tokens.id_token ?? '')).json()).toEqual(inactive);
    const changed = tokens.access_token.slice(0, -2) + (tokens.access_token.endsWith('AA') ? 'BA' : 'AA');
    expect((await introspect(provider, registered, changed)).json()).toEqual(inactive);
  });

  it('returns active: false for an expired token and a consumed refresh token', async () => {
    const rotating = await provider.addClient({ refreshTokenRotation: 'always' });
    const tokens = await obtainRefreshToken(provider, browser, rotating);
    await refresh(provider, rotating, tokens.refresh_token);
    expect((await introspect(provider, rotating, tokens.refresh_token)).json()).toEqual(inactive);
    provider.clock.advance(3600);
    expect((await introspect(provider, rotating, tokens.access_token)).json()).toEqual(inactive);
  });

  it.each<[string, Record<string, string>]>([
    ['no credentials', {}],
    ['a wrong secret', { Authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }],
    ['a Bearer token', { Authorization: 'Bearer x' }],
  ])('answers 401 to %s (2.1)', async (_name, headers) => {
    const answer = await post(`${provider.issuer}/oauth/introspect`, { token: 'x' }, headers);
    expect(answer.status).toBe(401);
    expect(answer.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('returns 401 to a public client: it proves nothing, and could scan for tokens (2.1)', async () => {
    const { client } = await provider.addClient({ type: 'public', authMethod: 'none' });
    expect((await post(`${provider.issuer}/oauth/introspect`, { token: 'x', client_id: client.id })).status).toBe(401);
  });

  it('returns invalid_request without a token, or with two', async () => {
    const headers = {
      Authorization: basic(registered.client, registered.secret),
      'Content-Type': 'application/x-www-form-urlencoded',
    };
    expect((await post(`${provider.issuer}/oauth/introspect`, {}, headers)).json()).toMatchObject({
      error: 'invalid_request',
    });
    const twice = await browser.send(`${provider.issuer}/oauth/introspect`, {
      method: 'POST',
      body: 'token=a&token=b',
      headers,
    });
    expect(twice.status).toBe(400);
    expect(twice.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('never reads the token from the query (2.1)', async () => {
    const tokens = await obtainTokens(provider, browser, registered);
    const url = `${provider.issuer}/oauth/introspect?token=${tokens.access_token}`;
    const headers = { Authorization: basic(registered.client, registered.secret), Accept: 'application/json' };
    expect([404, 405]).toContain((await browser.send(url, { headers })).status);
    expect((await post(url, {}, headers)).status).toBe(400);
  });
});
