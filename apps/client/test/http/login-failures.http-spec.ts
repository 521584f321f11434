import { startClient, type TestClient } from '../support/start-client.js';
import type { Behaviour } from '../support/test-provider.js';

describe('a provider that answers wrongly', () => {
  let client: TestClient;

  beforeEach(async () => {
    client = await startClient();
  });
  afterEach(() => client.stop());

  it.each<[string, number, string, Partial<Behaviour>]>([
    ['another nonce', 502, 'provider.invalid_answer', { idTokenOverride: { nonce: 'other' } }],
    ['no nonce', 502, 'provider.invalid_answer', { idTokenOverride: { nonce: undefined } }],
    [
      'another issuer in the ID token',
      502,
      'provider.invalid_answer',
      { idTokenOverride: { iss: 'https://other.example' } },
    ],
    ['another audience', 502, 'provider.invalid_answer', { idTokenOverride: { aud: 'somebody' } }],
    ['an expired ID token', 502, 'provider.invalid_answer', { idTokenOverride: { exp: 1 } }],
    ['a bad signature', 502, 'provider.invalid_answer', { signature: 'wrong' }],
    [
      'another iss in the response (mix-up)',
      400,
      'login.response_invalid',
      { responseIssuer: 'https://other.example' },
    ],
    ['no iss in the response although it is promised', 400, 'login.response_invalid', { responseIssuer: null }],
    ['500 at the token endpoint', 502, 'provider.unreachable', { tokenFailure: { status: 500, body: {} } }],
    [
      '500 with an error code',
      502,
      'provider.unreachable',
      { tokenFailure: { status: 500, body: { error: 'server_error' } } },
    ],
    [
      'invalid_grant',
      400,
      'provider.refused_code',
      { tokenFailure: { status: 400, body: { error: 'invalid_grant' } } },
    ],
    [
      'invalid_client',
      502,
      'provider.refused_client',
      { tokenFailure: { status: 401, body: { error: 'invalid_client' } } },
    ],
    [
      'no ID token',
      502,
      'provider.invalid_answer',
      { tokenFailure: { status: 200, body: { access_token: 'x', token_type: 'Bearer' } } },
    ],
  ])('logs nobody in: %s', async (_case, status, id, behaviour) => {
    Object.assign(client.provider.behaviour, behaviour);
    const browser = client.browser();
    const page = await browser.logIn(`/login/${client.providerId}?next=/messages`);
    expect(page.body).toContain(id);
    expect(page.status).toBe(status);
    expect(page.body).toContain('Try again with Gatehouse');
    expect(page.body).toContain('value="/messages"');
    expect(page.body).toMatch(/request <code>[0-9a-f]{32}/);
    expect(browser.cookies.has('gatehouse_client_session')).toBe(false);
    Object.assign(client.provider.behaviour, {
      idTokenOverride: {},
      signature: 'right',
      responseIssuer: undefined,
      tokenFailure: undefined,
    });
    expect((await browser.logIn(`/login/${client.providerId}`)).body).toContain('Signed in as alice');
  });

  const shapes: readonly unknown[] = [null, 7, { toString: 'x' }, ['x'], true, ''];

  it.each<[string, string, (value: unknown) => object]>([
    ['error_description', 'provider.refused_code', (value) => ({ error: 'invalid_grant', error_description: value })],
    ['error_uri', 'provider.refused_code', (value) => ({ error: 'invalid_grant', error_uri: value })],
    ['error', 'provider.invalid_answer', (value) => ({ error: value, error_description: 'words' })],
  ])('shows an error page whatever the %s of the token endpoint is', async (_member, id, bodyOf) => {
    for (const value of shapes) {
      client.provider.behaviour.tokenFailure = { status: 400, body: bodyOf(value) };
      const page = await client.browser().logIn(`/login/${client.providerId}`);
      expect([value, page.body.includes(id), page.body.includes('[object')]).toEqual([value, true, false]);
    }
  });

  it('shows an error page where an error of the token endpoint has no members', async () => {
    for (const body of [{}, null, [], 'invalid_grant', 4]) {
      client.provider.behaviour.tokenFailure = { status: 400, body };
      const page = await client.browser().logIn(`/login/${client.providerId}`);
      expect([body, page.status, page.body.includes('provider.invalid_answer')]).toEqual([body, 502, true]);
    }
  });

  it('does not refresh with an error that has no usable members, and says so', async () => {
    const browser = client.browser();
    await browser.logIn(`/login/${client.providerId}`);
    for (const body of [{ error: 'invalid_request', error_description: null }, { error: 7 }, null]) {
      client.provider.behaviour.refreshFailure = { status: 400, body };
      const page = await browser.submit('/refresh');
      expect([body, page.status, page.body.includes('provider.invalid_answer')]).toEqual([body, 200, true]);
    }
  });

  it.each(['access_token', 'token_type', 'expires_in', 'scope', 'id_token', 'refresh_token'])(
    'shows an error page for tokens with a wrong %s',
    async (member) => {
      for (const value of [null, { a: 1 }, []]) {
        client.provider.behaviour.tokenOverride = { [member]: value };
        const page = await client.browser().logIn(`/login/${client.providerId}`);
        expect([value, page.status, page.body.includes('provider.invalid_answer')]).toEqual([value, 502, true]);
      }
    },
  );

  it('logs in whatever number expires_in is', async () => {
    for (const expires_in of [1e300, 0, 1.5]) {
      client.provider.behaviour.tokenOverride = { expires_in };
      const browser = client.browser();
      await browser.logIn(`/login/${client.providerId}`);
      const home = await browser.context('/');
      expect([expires_in, home.status, home.body.includes('Signed in as alice')]).toEqual([expires_in, 200, true]);
    }
  });

  it.each([
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'userinfo_endpoint',
    'end_session_endpoint',
    'token_endpoint_auth_methods_supported',
    'id_token_signing_alg_values_supported',
    'authorization_response_iss_parameter_supported',
  ])('shows an error page, if anything, for metadata with a wrong %s, at login and at logout', async (member) => {
    for (const value of [null, 7, 'not a url', 'javascript:alert(1)', {}, [{}]]) {
      client.provider.behaviour.metadataOverride = { [member]: value };
      client.clock.advance(700);
      const browser = client.browser();
      const page = await browser.logIn(`/login/${client.providerId}`);
      const known = page.status === 200 || /provider\.(invalid_answer|unreachable)/.test(page.body);
      expect([member, value, known]).toEqual([member, value, true]);
      client.provider.behaviour.metadataOverride = {};
      client.clock.advance(700);
      expect((await browser.logIn(`/login/${client.providerId}`)).body).toContain('Signed in as alice');
      client.provider.behaviour.metadataOverride = { [member]: value };
      client.clock.advance(700);
      const loggedOut = await browser.submit('/logout', { where: 'provider' });
      expect([member, value, loggedOut.body.includes('server.error')]).toEqual([member, value, false]);
      expect((await browser.context('/')).body).toContain('You’re not signed in');
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['preferred_username', { preferred_username: { a: 1 } }],
    ['updated_at', { updated_at: 1e300 }],
    ['auth_time', { auth_time: 1e17 }],
    ['sid', { sid: { a: 1 } }],
    ['roles', { roles: { admin: true } }],
    ['claim nested deeply', { deep: nested(300) }],
  ])('shows the home page with a strange %s', async (_name, claims) => {
    client.provider.behaviour.claims = claims;
    client.provider.behaviour.userinfo = claims;
    const browser = client.browser();
    await browser.logIn(`/login/${client.providerId}`);
    expect((await browser.context('/')).body).toContain('Signed in as');
  });

  it.each([
    ['access_denied', 'denied access'],
    ['login_required', 'wants you to sign in there first'],
    ['temporarily_unavailable', 'busy'],
    ['something_else', 'does not know'],
  ])('explains %s', async (error, sentence) => {
    client.provider.behaviour.authorizationError = { error, error_description: '<b>words</b> of the provider' };
    const page = await client.browser().logIn(`/login/${client.providerId}`);
    expect(page.status).toBe(400);
    expect(page.body).toContain(sentence);
    expect(page.body).toContain(error);
    expect(page.body).toContain('&lt;b&gt;words&lt;/b&gt;');
    expect(page.body).toContain('Try again with Gatehouse');
    expect(page.body).toContain('href="/"');
  });

  it('does not believe an error of another issuer', async () => {
    Object.assign(client.provider.behaviour, {
      authorizationError: { error: 'access_denied' },
      responseIssuer: 'https://other.example',
    });
    const page = await client.browser().logIn(`/login/${client.providerId}`);
    expect(page.body).toContain('login.response_invalid');
    expect(page.body).not.toContain('denied access');
  });

  it('says 502 when the provider is away at the start and at the end of a login', async () => {
    const browser = client.browser();
    client.provider.behaviour.away = true;
    const begun = await browser.logIn(`/login/${client.providerId}`);
    expect(begun.status).toBe(502);
    expect(begun.body).toContain('provider.unreachable');
    client.provider.behaviour.away = false;
    const callback = await browser.logInUntil(`/login/${client.providerId}`, (url) => url.pathname === '/authorized');
    client.provider.behaviour.away = true;
    expect((await browser.context(callback.href)).status).toBe(502);
    client.provider.behaviour.away = false;
    expect((await browser.logIn(`/login/${client.providerId}`)).body).toContain('Signed in as alice');
  });

  it('logs in without the claims of UserInfo when they cannot be had', async () => {
    client.provider.behaviour.userinfo = { sub: 'somebody else', preferred_username: 'mallory' };
    const page = await client.browser().logIn(`/login/${client.providerId}`);
    expect(page.body).toContain('Signed in as user-1');
    expect(page.body).not.toContain('mallory');
  });
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 0; level < depth; level++) value = { value };
  return value;
}
