import { send, type Answer } from '../support/browser';
import { basic, startProvider, type TestProvider } from '../support/provider';
import { introspect, type Registered, type Tokens } from '../support/tokens';

describe('a token request', () => {
  let provider: TestProvider;
  let machine: Registered;
  beforeAll(async () => {
    provider = await startProvider();
    machine = await provider.addClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scope: ['openid', 'read', 'write'],
      defaultScope: ['read'],
    });
  });
  afterAll(() => provider.close());

  const raw = (body: string, headers: Readonly<Record<string, string>> = {}, registered = machine): Promise<Answer> =>
    send(`${provider.issuer}/oauth/token`, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: basic(registered.client, registered.secret),
        ...headers,
      },
    });

  function expectError(answer: Answer, error: string, status = 400): void {
    expect(answer.status).toBe(status);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toMatchObject({ error });
  }

  it('without grant_type is an invalid_request', async () => expectError(await raw(''), 'invalid_request'));
  it('with an empty grant_type is an invalid_request', async () =>
    expectError(await raw('grant_type='), 'invalid_request'));
  it.each(['password', 'implicit', 'urn:ietf:params:oauth:grant-type:saml2-bearer'])(
    'of the grant type %s is an unsupported_grant_type',
    async (name) => expectError(await raw(`grant_type=${encodeURIComponent(name)}`), 'unsupported_grant_type'),
  );
  it.each(['authorization_code', 'refresh_token'])(
    'of a grant type that the client is not registered for (%s) is an unauthorized_client (RFC 6749 5.2)',
    async (name) => expectError(await raw(`grant_type=${name}&code=x&refresh_token=x`), 'unauthorized_client'),
  );
  it('of client_credentials by a client that logs people in is an unauthorized_client', async () =>
    expectError(await raw('grant_type=client_credentials', {}, await provider.addClient()), 'unauthorized_client'));
  it.each([
    'grant_type=client_credentials&grant_type=client_credentials',
    'grant_type=client_credentials&scope=read&scope=read',
    'grant_type=client_credentials&x=1&x=2',
  ])('with a repeated parameter is an invalid_request (RFC 6749 3.2): %s', async (body) =>
    expectError(await raw(body), 'invalid_request'),
  );
  it('ignores parameters that it does not know', async () =>
    expect((await raw('grant_type=client_credentials&colour=blue')).status).toBe(200));
  it.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain'])(
    'of the type %s is an invalid_request',
    async (type) =>
      expectError(await raw('{"grant_type":"client_credentials"}', { 'Content-Type': type }), 'invalid_request'),
  );
  it('with a charset in its type is read', async () =>
    expect(
      (
        await raw('grant_type=client_credentials', {
          'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
        })
      ).status,
    ).toBe(200));
  it('over 64 kB is 413, and the server lives on', async () => {
    expectError(await raw(`grant_type=client_credentials&x=${'a'.repeat(70_000)}`), 'invalid_request', 413);
    expect((await raw('grant_type=client_credentials')).status).toBe(200);
  });
  it('with a thousand parameters is rejected', async () => {
    const answer = await raw(
      `grant_type=client_credentials&${Array.from({ length: 5000 }, (_each, index) => `p${index}=`).join('&')}`,
    );
    expect(answer.status).toBe(413);
  });
  it('with broken percent signs or bytes that are no UTF-8 does no harm', async () => {
    expect([200, 400]).toContain((await raw('grant_type=client_credentials&x=%zz%ff%00')).status);
  });

  describe('of client_credentials (RFC 6749 4.4)', () => {
    it('gives an access token and nothing else: no refresh token, no ID token (4.4.3)', async () => {
      const tokens = (await raw('grant_type=client_credentials&scope=read+write')).json<Tokens>();
      expect(Object.keys(tokens).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
      expect(tokens.scope).toBe('read write');
    });

    it('acts for the client alone: its token has no subject', async () => {
      const { access_token: token } = (await raw('grant_type=client_credentials')).json<Tokens>();
      const seen = (await introspect(provider, machine, token)).json();
      expect(seen).toMatchObject({ active: true, client_id: machine.client.id, scope: 'read' });
      expect(seen).not.toHaveProperty('sub');
      expect((await send(`${provider.issuer}/api/me`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(
        401,
      );
    });

    it.each(['other', 'openid', 'read openid', 'offline_access', '"'])(
      'with the scope %s is an invalid_scope',
      async (scope) =>
        expectError(await raw(`grant_type=client_credentials&scope=${encodeURIComponent(scope)}`), 'invalid_scope'),
    );
  });
});
