import { send } from '../support/browser';
import {
  answerOf,
  authorize,
  authorizationRequest,
  authorizeUrl,
  basic,
  post,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { ClientsService } from '../../src/clients/clients.service';
import { register, registered, type RegisteredClient } from '../support/registration';

const redirects = { redirect_uris: ['https://client.test/cb'] };
const throttleOff = { GATEHOUSE_THROTTLE: 'off' };

describe('POST /oauth/register, open', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', ...throttleOff } });
  });
  afterAll(() => provider.close());

  const refused = async (metadata: object): Promise<{ error: string; error_description: string }> => {
    const answer = await register(provider, { ...redirects, ...metadata });
    expect(answer.status).toBe(400);
    return answer.json();
  };

  it('returns 201 with everything that is registered, uncached (RFC 7591 3.2.1, OIDC Registration 3.2)', async () => {
    const answer = await register(provider, redirects);
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    const body = answer.json<RegisteredClient>();
    expect(body).toMatchObject({
      client_id: expect.any(String) as unknown,
      client_secret: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      client_secret_expires_at: 0,
      client_id_issued_at: provider.clock.now(),
      registration_access_token: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      registration_client_uri: `${provider.issuer}/oauth/register/${body.client_id}`,
      redirect_uris: ['https://client.test/cb'],
      // The defaults of RFC 7591 2 and OIDC Registration 2.
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      application_type: 'web',
      id_token_signed_response_alg: 'RS256',
      subject_type: 'public',
      refresh_token_rotation: 'default',
      require_auth_time: false,
    });
  });

  it('gives all standard scopes where none is named, never roles', async () => {
    const scopes = String((await registered(provider))['scope']).split(' ');
    expect(scopes).toEqual(expect.arrayContaining(['openid', 'profile', 'email', 'offline_access']));
    expect(scopes).not.toContain('roles');
    expect((await registered(provider, { scope: 'openid email' }))['scope']).toBe('openid email');
  });

  it.each(['roles', 'openid gatehouse:admin', 'made-up'])('refuses the scope %s', async (scope) => {
    expect(await refused({ scope })).toMatchObject({
      error: 'invalid_client_metadata',
      error_description: expect.stringMatching(/^scope: /) as unknown,
    });
  });

  it('is usable at once: a login through it gives tokens', async () => {
    const made = await registered(provider);
    const client = await provider.app.get(ClientsService).find(made.client_id);
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, browser, client, { redirect_uri: 'https://client.test/cb' });
    const tokens = await post(
      `${provider.base}/oauth/token`,
      { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: 'https://client.test/cb' },
      { Authorization: basic(client, made.client_secret ?? '') },
    );
    expect(tokens.status).toBe(200);
  });

  it('issues no secret to a public client and requires PKCE (RFC 7591 2)', async () => {
    const made = await registered(provider, { token_endpoint_auth_method: 'none' });
    expect(made).not.toHaveProperty('client_secret');
    expect(made).not.toHaveProperty('client_secret_expires_at');
    const client = await provider.app.get(ClientsService).find(made.client_id);
    expect(client).toMatchObject({ type: 'public', pkceRequired: true, consentRequired: true, source: 'registration' });
  });

  it('keeps every member of the metadata and says it back', async () => {
    const metadata = {
      client_name: 'My Example Client',
      client_uri: 'https://client.test/',
      logo_uri: 'https://client.test/logo.png',
      policy_uri: 'https://client.test/policy',
      tos_uri: 'https://client.test/tos',
      contacts: ['ops@client.test'],
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      software_version: '2.1',
      grant_types: ['authorization_code', 'refresh_token', 'implicit'],
      response_types: ['code', 'code id_token', 'id_token token'],
      token_endpoint_auth_method: 'client_secret_post',
      jwks_uri: 'https://client.test/jwks.json',
      id_token_signed_response_alg: 'ES256',
      id_token_encrypted_response_alg: 'RSA-OAEP-256',
      id_token_encrypted_response_enc: 'A128GCM',
      userinfo_signed_response_alg: 'RS256',
      default_max_age: 3600,
      require_auth_time: true,
      default_acr_values: ['urn:example:gold'],
      initiate_login_uri: 'https://client.test/login',
      request_uris: ['https://client.test/request.jwt#1'],
      post_logout_redirect_uris: ['https://client.test/bye'],
      backchannel_logout_uri: 'https://client.test/back',
      backchannel_logout_session_required: true,
      frontchannel_logout_uri: 'https://client.test/front',
      frontchannel_logout_session_required: true,
    };
    expect(await registered(provider, metadata)).toMatchObject(metadata);
  });

  it('chooses A128CBC-HS256 where an encryption names no enc (OIDC Registration 2)', async () => {
    const made = await registered(provider, {
      jwks_uri: 'https://client.test/jwks.json',
      id_token_encrypted_response_alg: 'ECDH-ES',
    });
    expect(made['id_token_encrypted_response_enc']).toBe('A128CBC-HS256');
  });

  it('ignores members that it does not know, null, and those that are its own to choose (RFC 7591 2)', async () => {
    const made = await registered(provider, {
      made_up: { deep: [1] },
      client_uri: null,
      client_id: 'mine',
      client_secret: 'my own',
      require_consent: false,
    });
    expect(made.client_id).not.toBe('mine');
    expect(made.client_secret).not.toBe('my own');
    expect(made).not.toHaveProperty('made_up');
    const client = await provider.app.get(ClientsService).find(made.client_id);
    expect(client?.consentRequired).toBe(true);
  });

  it.each<[string, unknown]>([
    ['redirect_uris', 'https://client.test/cb'],
    ['redirect_uris', [{}]],
    ['client_name', ['x']],
    ['grant_types', 'authorization_code'],
    ['jwks', 'x'],
    ['default_max_age', '1'],
    ['require_auth_time', 'yes'],
    ['contacts', 'a@b.test'],
  ])('refuses %s of another kind, and names it', async (member, value) => {
    const { error, error_description: description } = await refused({ [member]: value });
    expect(error).toBe(member === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata');
    expect(description).toMatch(new RegExp(`^${member}: `));
    expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it.each([
    'https://client.test/cb#fragment',
    'http://client.test/cb',
    'javascript:alert(1)',
    'data:text/html,x',
    'myapp:/cb',
    'https://*.client.test/',
    'https://user@client.test/',
    '/cb',
    '',
  ])('answers invalid_redirect_uri to %j (RFC 7591 3.2.2)', async (uri) => {
    expect((await refused({ redirect_uris: ['https://client.test/ok', uri] })).error).toBe('invalid_redirect_uri');
  });

  it.each(['http://127.0.0.1:1234/cb', 'http://[::1]/cb', 'http://localhost:3000/cb', 'com.example.app:/cb'])(
    'takes %s',
    async (uri) => {
      expect((await register(provider, { redirect_uris: [uri], application_type: 'native' })).status).toBe(201);
    },
  );

  it('requires a redirect URI only for grant types that redirect', async () => {
    expect((await refused({ redirect_uris: [] })).error).toBe('invalid_redirect_uri');
    expect((await refused({ redirect_uris: null })).error).toBe('invalid_redirect_uri');
    const machine = await register(provider, { grant_types: ['client_credentials'], scope: '' });
    expect(machine.status).toBe(201);
    expect(machine.json()).toMatchObject({ redirect_uris: [], response_types: [] });
    const device = await register(provider, {
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    });
    expect(device.status).toBe(201);
  });

  it.each<[object, string]>([
    [{ response_types: ['id_token'] }, 'grant_types'],
    [{ response_types: ['code id_token'], grant_types: ['authorization_code'] }, 'grant_types'],
    [{ grant_types: ['implicit'] }, 'response_types'],
    [{ grant_types: ['authorization_code'], response_types: ['made up'] }, 'response_types'],
    [{ grant_types: ['refresh_token'] }, 'grant_types'],
    [{ grant_types: ['password'] }, 'grant_types'],
    [{ grant_types: [] }, 'grant_types'],
    [{ token_endpoint_auth_method: 'tls_client_auth' }, 'token_endpoint_auth_method'],
    [{ token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] }, 'grant_types'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
    [{ jwks: { keys: [] }, jwks_uri: 'https://client.test/jwks' }, 'jwks'],
    [{ jwks: {} }, 'jwks'],
    [{ jwks: { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', d: 'secret' }] } }, 'jwks'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'jwks'],
    [{ jwks_uri: 'http://client.test/jwks' }, 'jwks_uri'],
    [{ logo_uri: 'javascript:alert(1)' }, 'logo_uri'],
    [{ client_uri: 'ftp://client.test/' }, 'client_uri'],
    [{ tos_uri: '//client.test/' }, 'tos_uri'],
    [{ policy_uri: 'x' }, 'policy_uri'],
    [{ initiate_login_uri: 'http://client.test/login' }, 'initiate_login_uri'],
    [{ sector_identifier_uri: 'http://client.test/sector' }, 'sector_identifier_uri'],
    [{ subject_type: 'private' }, 'subject_type'],
    [{ refresh_token_rotation: 'sometimes' }, 'refresh_token_rotation'],
    [{ token_endpoint_auth_method: 'none', refresh_token_rotation: 'never' }, 'refresh_token_rotation'],
    [{ subject_type: 'pairwise', redirect_uris: ['https://a.test/cb', 'https://b.test/cb'] }, 'sector_identifier_uri'],
    [{ id_token_signed_response_alg: 'none' }, 'id_token_signed_response_alg'],
    [{ id_token_encrypted_response_enc: 'A128GCM' }, 'id_token_encrypted_response_enc'],
    [{ id_token_encrypted_response_alg: 'RSA1_5' }, 'id_token_encrypted_response_alg'],
    [{ id_token_encrypted_response_alg: 'RSA-OAEP' }, 'id_token_encrypted_response_alg'],
    [{ userinfo_encrypted_response_enc: 'A128GCM' }, 'userinfo_encrypted_response_enc'],
    [{ userinfo_signed_response_alg: 'none' }, 'userinfo_signed_response_alg'],
    [{ request_object_signing_alg: 'HS1' }, 'request_object_signing_alg'],
    [{ request_object_encryption_enc: 'A128GCM' }, 'request_object_encryption_enc'],
    [{ default_max_age: -1 }, 'default_max_age'],
    [{ default_max_age: 1.5 }, 'default_max_age'],
    [{ request_uris: ['http://client.test/r'] }, 'request_uris'],
    [{ post_logout_redirect_uris: ['javascript:alert(1)'] }, 'post_logout_redirect_uris'],
    [{ backchannel_logout_uri: 'https://client.test/back#x' }, 'backchannel_logout_uri'],
    [{ frontchannel_logout_uri: 'https://elsewhere.test/front' }, 'frontchannel_logout_uri'],
    [{ frontchannel_logout_uri: 'https://client.test:8443/front' }, 'frontchannel_logout_uri'],
    [{ application_type: 'toaster' }, 'application_type'],
    [{ client_name: 'x'.repeat(201) }, 'client_name'],
    [{ client_name: 'Bank\u202eknaB' }, 'client_name'],
    [{ contacts: Array.from({ length: 21 }, (_, n) => `${n}@client.test`) }, 'contacts'],
    [{ software_id: 'x'.repeat(500) }, 'software_id'],
  ])('answers invalid_client_metadata to %j and names %s', async (metadata, member) => {
    const { error, error_description: description } = await refused(metadata);
    expect(error).toBe('invalid_client_metadata');
    expect(description).toContain(`${member}: `);
  });

  it.each(['http://127.0.0.1/cb', 'http://localhost/cb', 'https://localhost/cb'])(
    'refuses %s to a web client with the grant type implicit, and not to a native one (OIDC Registration 2)',
    async (uri) => {
      const implicit = { grant_types: ['implicit'], response_types: ['id_token'], redirect_uris: [uri] };
      expect((await refused(implicit)).error).toBe('invalid_redirect_uri');
      expect((await register(provider, { ...implicit, application_type: 'native' })).status).toBe(201);
    },
  );

  it('rejects software statements, malformed or of an untrusted issuer (RFC 7591 3.2.2)', async () => {
    expect((await refused({ software_statement: 'x' })).error).toBe('invalid_software_statement');
    expect((await refused({ software_statement: {} })).error).toBe('invalid_software_statement');
    expect((await refused({ software_statement: 'e30.e30.c2ln' })).error).toBe('unapproved_software_statement');
  });

  it.each<[string, string, string]>([
    ['no JSON', 'application/json', '{'],
    ['a list', 'application/json', '[]'],
    ['a word', 'application/json', 'null'],
    ['a form', 'application/x-www-form-urlencoded', 'redirect_uris=https://client.test/cb'],
    ['plain text, which any page may send', 'text/plain', JSON.stringify(redirects)],
  ])('answers invalid_client_metadata to %s', async (_what, contentType, body) => {
    const answer = await register(provider, body, { headers: { 'Content-Type': contentType } });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
  });

  it('returns 413 to a body beyond its bound, and outlives nesting and strange members', async () => {
    const huge = await register(provider, { ...redirects, client_name: 'x'.repeat(200_000) });
    expect(huge.status).toBe(413);
    const deep = `{"redirect_uris":["https://client.test/cb"],"jwks":{"keys":[${'['.repeat(60_000)}${']'.repeat(60_000)}]}}`;
    expect((await register(provider, deep)).json()['error']).toBe('invalid_client_metadata');
    const odd = `{"redirect_uris":["https://client.test/cb"],"made_up":${'['.repeat(30_000)}${']'.repeat(30_000)},
      "__proto__":{"client_name":"polluted","consentRequired":false},"constructor":{"prototype":{"x":1}}}`;
    const made = await register(provider, odd);
    expect(made.status).toBe(201);
    expect(made.json()['client_name']).toBe('client.test');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('takes POST alone', async () => {
    const answer = await send(`${provider.base}/oauth/register`);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });

  it('is in the metadata (OIDC Discovery 3)', async () => {
    const metadata = (await send(`${provider.base}/.well-known/openid-configuration`)).json();
    expect(metadata['registration_endpoint']).toBe(`${provider.issuer}/oauth/register`);
  });

  it('can be read by a page that registers itself, and by no other page', async () => {
    const ask = (origin: string) => register(provider, redirects, { headers: { Origin: origin } });
    expect((await ask('https://client.test')).headers['access-control-allow-origin']).toBe('https://client.test');
    for (const other of ['https://evil.test', 'null', 'https://client.test.evil.test'])
      expect((await ask(other)).headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await send(`${provider.base}/oauth/register`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://client.test', 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBe('https://client.test');
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('returns invalid_token to a token that is none, though none is needed (RFC 6750 3.1)', async () => {
    const answer = await register(provider, redirects, { headers: { Authorization: 'Bearer made-up' } });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
  });

  it('reaches no private address for a sector identifier, and says nothing about it', async () => {
    for (const uri of [
      'https://127.0.0.1/sector',
      'https://localhost/sector',
      'https://169.254.169.254/latest',
      'https://[::1]/',
    ]) {
      const { error, error_description: description } = await refused({ sector_identifier_uri: uri });
      expect(error).toBe('invalid_client_metadata');
      expect(description).toBe('sector_identifier_uri: The document at this address could not be fetched.');
    }
  });

  it('does not wait for a nonce, a hidden field or a person: consent is asked at the login', async () => {
    const made = await registered(provider, { client_name: 'Stranger' });
    const client = await provider.app.get(ClientsService).find(made.client_id);
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser());
    const page = await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(page.text).toContain('has checked this app.');
    expect(page.text).toContain('client.test');
    const answer = await browser.submit({ confirm: 'no' });
    expect(answerOf(answer).get('error')).toBe('access_denied');
  });
});
