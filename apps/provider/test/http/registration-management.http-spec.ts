import * as openid from 'openid-client';
import { ClientsService } from '../../src/clients/clients.service';
import { send } from '../support/browser';
import { authorize, basic, post, startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, registered, type RegisteredClient } from '../support/registration';
import { SetClientState } from '../../src/clients/operations/set-client-state';

describe('the client configuration endpoint (RFC 7592)', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_THROTTLE: 'off' } });
    // Libraries check instants against the clock on the wall.
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
  });
  afterAll(() => provider.close());
  const clients = () => provider.app.get(ClientsService);

  it('reads what is registered, without the secret, which is kept as a hash (2.1)', async () => {
    const made = await registered(provider, { client_name: 'Reader' });
    const answer = await configuration(made, 'GET');
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    const { client_secret: _secret, client_secret_expires_at: _expiry, ...rest } = made;
    expect(answer.json()).toEqual(rest);
  });

  it.each(['GET', 'PUT', 'DELETE'] as const)(
    'answers 401 to %s without the right token (2, RFC 6750 3)',
    async (method) => {
      const made = await registered(provider);
      const other = await registered(provider);
      const metadata = method === 'PUT' ? metadataOf(made) : undefined;
      for (const token of [other.registration_access_token, made.client_secret ?? '', 'x', '']) {
        const answer = await configuration(made, method, { token, ...(metadata ? { metadata } : {}) });
        expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_token']);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
      }
      const without = await send(made.registration_client_uri, {
        method,
        ...(metadata ? { body: JSON.stringify(metadata), headers: { 'Content-Type': 'application/json' } } : {}),
      });
      expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer realm="gatehouse"']);
      expect((await configuration(made, 'GET')).status).toBe(200);
    },
  );

  it('returns 401 for a client that there is not, and for one that was not registered by protocol (2.1)', async () => {
    const made = await registered(provider);
    const { client } = await provider.addClient();
    for (const id of ['nobody', client.id, '%00', '..'])
      expect(
        (
          await send(`${provider.base}/oauth/register/${id}`, {
            headers: { Authorization: `Bearer ${made.registration_access_token}` },
          })
        ).status,
      ).toBe({ '..': 404, '%00': 404 }[id] ?? 401);
  });

  it('replaces all metadata and the token: the old one opens nothing more (2.2)', async () => {
    const made = await registered(provider, { client_name: 'Before', client_uri: 'https://client.test/' });
    const answer = await configuration(made, 'PUT', {
      metadata: { client_id: made.client_id, client_name: 'After', redirect_uris: ['https://client.test/new'] },
    });
    expect(answer.status).toBe(200);
    const changed = answer.json<RegisteredClient>();
    expect(changed).toMatchObject({ client_name: 'After', redirect_uris: ['https://client.test/new'] });
    expect(changed).not.toHaveProperty('client_uri');
    expect(changed.registration_access_token).not.toBe(made.registration_access_token);
    expect((await configuration(made, 'GET')).status).toBe(401);
    expect((await configuration(changed, 'GET')).json()['client_name']).toBe('After');
    // The secret stays the same, and is not asked for.
    expect(await clients().verifySecret(made.client_id, made.client_secret ?? '', provider.clock.now())).toBe(true);
  });

  it('takes the current secret and no other (2.2)', async () => {
    const made = await registered(provider);
    const wrong = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), client_secret: 'chosen' } });
    expect([wrong.status, wrong.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    const right = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), client_secret: made.client_secret },
    });
    expect(right.json()).toMatchObject({ client_secret: made.client_secret, client_secret_expires_at: 0 });
  });

  it.each([
    ['client_id', undefined],
    ['client_id', 'another'],
    ['registration_access_token', 'x'],
    ['registration_client_uri', 'https://x.test/'],
    ['client_id_issued_at', 1],
    ['client_secret_expires_at', 0],
  ])('refuses an update with %s: %j (2.2)', async (name, value) => {
    const made = await registered(provider);
    const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), [name]: value } });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(answer.json()['error_description']).toMatch(new RegExp(`^${name}: `));
    expect((await configuration(made, 'GET')).status).toBe(200);
  });

  it('checks an update as it checks a registration, and changes nothing when it rejects', async () => {
    const made = await registered(provider);
    for (const [metadata, error] of [
      [{ redirect_uris: ['http://client.test/'] }, 'invalid_redirect_uri'],
      [{ scope: 'roles' }, 'invalid_client_metadata'],
      [{ grant_types: ['implicit'] }, 'invalid_client_metadata'],
      [{ sector_identifier_uri: 'https://127.0.0.1/' }, 'invalid_client_metadata'],
    ] as const) {
      const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), ...metadata } });
      expect([answer.status, answer.json()['error']]).toEqual([400, error]);
    }
    expect((await configuration(made, 'GET')).json()['redirect_uris']).toEqual(['https://client.test/cb']);
  });

  it('gives a public client that becomes a confidential one its first secret, and takes it away again', async () => {
    const made = await registered(provider, { token_endpoint_auth_method: 'none' });
    const answer = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), token_endpoint_auth_method: 'client_secret_post' },
    });
    const changed = answer.json<RegisteredClient>();
    expect(changed.client_secret).toMatch(/^[\w-]{43}$/);
    await configuration(changed, 'PUT', { metadata: { ...metadataOf(changed), token_endpoint_auth_method: 'none' } });
    expect(await clients().verifySecret(made.client_id, changed.client_secret ?? '', provider.clock.now())).toBe(false);
  });

  it('lets exactly one of two updates at once through', async () => {
    const made = await registered(provider);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        configuration(made, 'PUT', { metadata: { ...metadataOf(made), client_name: `Racer ${n}` } }),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect((await configuration(won[0]?.json<RegisteredClient>() ?? made, 'GET')).status).toBe(200);
  });

  it('removes the client with its grants and tokens (2.3)', async () => {
    const made = await registered(provider);
    const client = await clients().find(made.client_id);
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, browser, client);
    const proof = { Authorization: basic(client, made.client_secret ?? '') };
    const redeem = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: 'https://client.test/cb',
    };
    const { access_token: token } = (await post(`${provider.base}/oauth/token`, redeem, proof)).json<{
      access_token: string;
    }>();
    const gone = await configuration(made, 'DELETE');
    expect([gone.status, gone.text, gone.headers['cache-control']]).toEqual([204, '', 'no-store']);
    expect((await configuration(made, 'GET')).status).toBe(401);
    expect((await configuration(made, 'DELETE')).status).toBe(401);
    const me = await send(`${provider.base}/api/me`, { headers: { Authorization: `Bearer ${token}` } });
    expect(me.status).toBe(401);
  });

  it('rejects requests for a disabled client (2.1: 403)', async () => {
    const made = await registered(provider);
    await provider.execute(SetClientState, { id: made.client_id, decision: 'disable' });
    for (const method of ['GET', 'DELETE'] as const) {
      const answer = await configuration(made, method);
      expect([answer.status, answer.json()['error']]).toEqual([403, 'access_denied']);
    }
    await provider.execute(SetClientState, { id: made.client_id, decision: 'enable' });
    expect((await configuration(made, 'GET')).status).toBe(200);
  });

  it('can be read by the pages of the client alone', async () => {
    const made = await registered(provider);
    const ask = (Origin: string) => configuration(made, 'GET', { headers: { Origin } });
    expect((await ask('https://client.test')).headers['access-control-allow-origin']).toBe('https://client.test');
    expect((await ask('https://other.test')).headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await send(made.registration_client_uri, {
      method: 'OPTIONS',
      headers: { Origin: 'https://client.test', 'Access-Control-Request-Method': 'DELETE' },
    });
    expect(preflight.headers['access-control-allow-methods']).toBe('GET, PUT, DELETE');
  });

  it('works with openid-client: discovery, registration and a login', async () => {
    const config = await openid.dynamicClientRegistration(
      new URL(provider.issuer),
      { redirect_uris: ['https://client.test/cb'], client_name: 'By openid-client' },
      openid.ClientSecretBasic(),
      { execute: [openid.allowInsecureRequests] },
    );
    const { client_id: id } = config.clientMetadata();
    const client = await clients().find(id);
    expect(client).toMatchObject({ name: 'By openid-client', source: 'registration' });
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser({ username: 'by-library' }));
    const { code, verifier } = await authorize(provider, browser, client, { state: undefined, nonce: undefined });
    const callback = new URL(`https://client.test/cb?code=${code}&iss=${encodeURIComponent(provider.issuer)}`);
    const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier });
    expect(tokens.claims()).toMatchObject({ aud: id });
  });
});
