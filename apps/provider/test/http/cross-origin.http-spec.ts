import { send } from '../support/browser';
import { authorize, post, redeem, startProvider, type TestProvider } from '../support/provider';

const origin = 'https://app.test';

describe('scripts on pages of other origins', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
    await provider.addClient({ redirectUris: [`${origin}/callback`, 'com.example.app:/callback'] });
  });
  afterAll(() => provider.close());

  const endpoints = ['/oauth/token', '/oauth/par', '/oauth/revoke', '/oauth/userinfo', '/api/me'];

  it.each(endpoints)('get their preflight of %s answered, without credentials', async (path) => {
    const answer = await send(provider.issuer + path, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-allow-headers']).toMatch(/authorization/i);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each(endpoints)('may read what %s refuses when a client has a redirect URI there, and only then', async (path) => {
    const ask = (from: string): ReturnType<typeof post> =>
      post(provider.issuer + path, { grant_type: 'nonsense' }, { Origin: from });
    const known =
      path === '/api/me' ? await send(provider.issuer + path, { headers: { Origin: origin } }) : await ask(origin);
    expect(known.status).toBeGreaterThanOrEqual(400);
    expect(known.headers['access-control-allow-origin']).toBe(origin);
    expect(known.headers.vary).toContain('Origin');
    for (const other of ['https://other.test', `${origin}.evil.test`, 'http://app.test', 'null', 'com.example.app:'])
      expect((await ask(other)).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('log in from a page alone: a public client redeems its code, reads claims and revokes', async () => {
    const { client } = await provider.addClient({
      type: 'public',
      authMethod: 'none',
      redirectUris: ['https://spa.test/callback'],
    });
    const browser = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, browser, client);
    const headers = { Origin: 'https://spa.test' };
    const tokens = await post(
      `${provider.issuer}/oauth/token`,
      {
        grant_type: 'authorization_code',
        client_id: client.id,
        code,
        code_verifier: verifier,
        redirect_uri: 'https://spa.test/callback',
      },
      headers,
    );
    expect(tokens.status).toBe(200);
    expect(tokens.headers['access-control-allow-origin']).toBe('https://spa.test');
    const { access_token: token } = tokens.json<{ access_token: string }>();
    const me = await send(`${provider.issuer}/oauth/userinfo`, {
      headers: { ...headers, Authorization: `Bearer ${token}` },
    });
    expect([me.status, me.headers['access-control-allow-origin']]).toEqual([200, 'https://spa.test']);
    const revoked = await post(`${provider.issuer}/oauth/revoke`, { token, client_id: client.id }, headers);
    expect([revoked.status, revoked.headers['access-control-allow-origin']]).toEqual([200, 'https://spa.test']);
  });

  it('cannot read the authorization endpoint or our pages', async () => {
    for (const path of ['/oauth/authorize', '/login', '/account'])
      expect(
        (await send(provider.issuer + path, { headers: { Origin: origin } })).headers['access-control-allow-origin'],
      ).toBeUndefined();
  });

  it('lose it with the redirect URI', async () => {
    const registered = await provider.addClient({ redirectUris: ['https://gone.test/callback'] });
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'], username: 'root' }));
    expect((await redeem(provider, registered, 'x.y', 'z')).status).toBe(400);
    await browser.open(`${provider.issuer}/client/delete/${registered.client.id}`);
    await browser.submit({ name: 'Test client' }, { action: `/client/delete/${registered.client.id}` });
    await new Promise((resolve) => setTimeout(resolve, 700));
    const answer = await post(`${provider.issuer}/oauth/token`, {}, { Origin: 'https://gone.test' });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});
