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
    const page = await browser.visit(`/login/${client.providerId}?next=/messages`);
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
    expect((await browser.visit(`/login/${client.providerId}`)).body).toContain('Logged in as alice');
  });

  it.each([
    ['access_denied', 'did not allow this application'],
    ['login_required', 'wants you to log in there first'],
    ['temporarily_unavailable', 'busy'],
    ['something_else', 'does not know'],
  ])('explains %s', async (error, sentence) => {
    client.provider.behaviour.authorizationError = { error, error_description: '<b>words</b> of the provider' };
    const page = await client.browser().visit(`/login/${client.providerId}`);
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
    const page = await client.browser().visit(`/login/${client.providerId}`);
    expect(page.body).toContain('login.response_invalid');
    expect(page.body).not.toContain('did not allow this application');
  });

  it('says 502 when the provider is away at the start and at the end of a login', async () => {
    const browser = client.browser();
    client.provider.behaviour.away = true;
    const begun = await browser.visit(`/login/${client.providerId}`);
    expect(begun.status).toBe(502);
    expect(begun.body).toContain('provider.unreachable');
    client.provider.behaviour.away = false;
    const callback = await browser.visitUntil(`/login/${client.providerId}`, (url) => url.pathname === '/authorized');
    client.provider.behaviour.away = true;
    expect((await browser.visit(callback.href)).status).toBe(502);
    client.provider.behaviour.away = false;
    expect((await browser.visit(`/login/${client.providerId}`)).body).toContain('Logged in as alice');
  });

  it('logs in without the claims of UserInfo when they cannot be had', async () => {
    client.provider.behaviour.userinfo = { sub: 'somebody else', preferred_username: 'mallory' };
    const page = await client.browser().visit(`/login/${client.providerId}`);
    expect(page.body).toContain('Logged in as user-1');
    expect(page.body).not.toContain('mallory');
  });
});
