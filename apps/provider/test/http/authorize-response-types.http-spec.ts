import { responseTypeNames, type ClientDraft, type ResponseTypeName } from '@gatehouse/domain/oauth';
import { leftHalfHash, jwsAlgorithms } from '@gatehouse/domain/jose';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { formOf, send, type Answer, type Browser } from '../support/browser';
import {
  authorizationRequest,
  authorizeUrl,
  basic,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { addResource } from '../support/resources';
import { claimsOf, isActive, obtainTokens, purge, refresh, type Registered, type Tokens } from '../support/tokens';

type Overrides = Readonly<Record<string, string | undefined>>;

const everyFlow: Partial<ClientDraft> = {
  grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
  responseTypes: responseTypeNames,
  scope: ['openid', 'profile', 'email', 'offline_access', 'roles', 'read'],
  consentRequired: false,
};

const inFragment = (answer: Answer): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(new URL(answer.location ?? '').hash.slice(1)));

describe('response types (OpenID Connect Core 3.2 and 3.3)', () => {
  let provider: TestProvider;
  let browser: Browser;
  let userId: string;
  let registered: Registered;
  beforeAll(async () => {
    provider = await startProvider();
    const user = await provider.addUser({
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      roles: ['user', 'developer'],
    });
    userId = user.id;
    browser = await provider.logIn(user);
    registered = await provider.addClient(everyFlow);
  });
  afterAll(() => provider.close());

  async function ask(responseType: string, overrides: Overrides = {}, of: Registered = registered) {
    const { parameters, proof } = authorizationRequest(of.client, { response_type: responseType, ...overrides });
    const answer = await browser.open(authorizeUrl(provider, parameters));
    return { answer, proof };
  }

  const expected: Readonly<Record<ResponseTypeName, readonly string[]>> = {
    code: ['code'],
    id_token: ['id_token'],
    'id_token token': ['access_token', 'expires_in', 'id_token', 'scope', 'token_type'],
    'code id_token': ['code', 'id_token'],
    'code token': ['access_token', 'code', 'expires_in', 'scope', 'token_type'],
    'code id_token token': ['access_token', 'code', 'expires_in', 'id_token', 'scope', 'token_type'],
  };

  it.each(responseTypeNames)('%s answers with its parts, state and iss, and nothing else', async (responseType) => {
    const { answer } = await ask(responseType);
    expect(answer.status).toBe(303);
    const url = new URL(answer.location ?? '');
    const members = responseType === 'code' ? Object.fromEntries(url.searchParams) : inFragment(answer);
    expect(responseType === 'code' ? url.hash : url.search).toBe('');
    expect(Object.keys(members).sort()).toEqual([...expected[responseType], 'iss', 'state'].sort());
    expect(members).toMatchObject({ state: 'some-state', iss: provider.issuer });
    if (members['access_token'] !== undefined)
      expect(members).toMatchObject({ token_type: 'Bearer', expires_in: '3600', scope: 'openid' });
  });

  it.each(responseTypeNames)('%s by form_post (OAuth 2.0 Form Post Response Mode)', async (responseType) => {
    const { answer } = await ask(responseType, { response_mode: 'form_post' });
    expect(answer.status).toBe(200);
    const form = formOf(answer.text);
    expect(form.action).toBe('https://client.test/callback');
    expect(form.fields.map(([name]) => name).sort()).toEqual([...expected[responseType], 'iss', 'state'].sort());
  });

  it.each([
    ['token id_token code', 'code id_token token'],
    ['id_token code', 'code id_token'],
    ['token code', 'code token'],
    ['token id_token', 'id_token token'],
  ] as const)('%s is the same as %s (RFC 6749 3.1.1)', async (written, meant) => {
    expect(Object.keys(inFragment((await ask(written)).answer)).sort()).toEqual(
      [...expected[meant], 'iss', 'state'].sort(),
    );
  });

  describe('are rejected', () => {
    it.each(['id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'])(
      '%s of a client that is not registered for it: unauthorized_client, in the fragment',
      async (responseType) => {
        const { answer } = await ask(responseType, {}, await provider.addClient({ consentRequired: false }));
        expect(inFragment(answer)).toMatchObject({ error: 'unauthorized_client', state: 'some-state' });
      },
    );

    it('code of a client that is registered for ID tokens alone: unauthorized_client, in the query', async () => {
      const implicit = await provider.addClient({ grantTypes: ['implicit'], responseTypes: ['id_token'] });
      const { answer } = await ask('code', {}, implicit);
      expect(new URL(answer.location ?? '').searchParams.get('error')).toBe('unauthorized_client');
    });

    it.each(['token', 'none', 'code ticket', 'code code'])('%s: unsupported_response_type', async (responseType) => {
      const { answer } = await ask(responseType);
      expect(answer.location).toContain('error=unsupported_response_type');
    });

    it.each(['id_token', 'id_token token', 'code id_token', 'code id_token token'])(
      '%s without nonce: it is REQUIRED (OpenID Connect Core 3.2.2.1, 3.3.2.11)',
      async (responseType) => {
        const { answer } = await ask(responseType, { nonce: undefined });
        expect(inFragment(answer)).toMatchObject({
          error: 'invalid_request',
          error_description: 'The nonce is missing.',
        });
      },
    );

    it.each(['id_token', 'code token', 'code id_token token'])(
      '%s in the query (OAuth 2.0 Multiple Response Types 5), and the error is in the fragment',
      async (responseType) => {
        const { answer } = await ask(responseType, { response_mode: 'query' });
        expect(new URL(answer.location ?? '').search).toBe('');
        expect(inFragment(answer)).toMatchObject({ error: 'invalid_request' });
      },
    );

    it('an ID token without the scope openid', async () => {
      const { answer } = await ask('id_token', { scope: 'read' });
      expect(inFragment(answer)).toMatchObject({ error: 'invalid_request' });
    });

    it.each(['code id_token', 'code token', 'code id_token token'])(
      '%s without a code_challenge: PKCE is asked wherever there is a code (RFC 9700 2.1.1)',
      async (responseType) => {
        const { answer } = await ask(responseType, { code_challenge: undefined, code_challenge_method: undefined });
        expect(inFragment(answer)).toMatchObject({ error: 'invalid_request' });
        expect(inFragment(answer)['error_description']).toContain('requires PKCE');
      },
    );

    it('prompt=none without a session: login_required, in the fragment', async () => {
      const { parameters } = authorizationRequest(registered.client, { response_type: 'id_token', prompt: 'none' });
      expect(inFragment(await send(authorizeUrl(provider, parameters)))).toMatchObject({ error: 'login_required' });
    });
  });

  describe('the ID token of the authorization endpoint', () => {
    it.each(jwsAlgorithms)('signed by %s, is bound to code, access token, state and nonce', async (algorithm) => {
      const made = await provider.addClient({ ...everyFlow, idTokenSignedResponseAlg: algorithm });
      const { answer } = await ask('code id_token token', { state: 'a state; ~' }, made);
      const members = inFragment(answer);
      const { payload } = await jwtVerify(
        members['id_token'] ?? '',
        createRemoteJWKSet(new URL(`${provider.issuer}/.well-known/jwks.json`)),
        {
          issuer: provider.issuer,
          audience: made.client.id,
          algorithms: [algorithm],
          currentDate: new Date(provider.clock.milliseconds()),
        },
      );
      expect(payload).toMatchObject({
        sub: userId,
        nonce: 'some-nonce',
        c_hash: leftHalfHash(members['code'] ?? '', algorithm),
        at_hash: leftHalfHash(members['access_token'] ?? '', algorithm),
        s_hash: leftHalfHash('a state; ~', algorithm),
        auth_time: expect.any(Number) as unknown,
        sid: expect.any(String) as unknown,
      });
    });

    it.each([
      ['id_token', ['s_hash']],
      ['id_token token', ['at_hash', 's_hash']],
      ['code id_token', ['c_hash', 's_hash']],
    ])('%s has the hashes %j', async (responseType, hashes) => {
      const claims = claimsOf(inFragment((await ask(responseType)).answer)['id_token']);
      expect(
        Object.keys(claims)
          .filter((name) => name.endsWith('_hash'))
          .sort(),
      ).toEqual(hashes);
    });

    it('has no s_hash where there is no state', async () => {
      const { answer } = await ask('id_token', { state: undefined });
      expect(claimsOf(inFragment(answer)['id_token'])).not.toHaveProperty('s_hash');
    });

    it('has the claims of the scopes where no access token is issued, and else not (5.4)', async () => {
      const scope = 'openid profile email';
      const alone = claimsOf(inFragment((await ask('id_token', { scope })).answer)['id_token']);
      expect(alone).toMatchObject({ name: 'Ada Lovelace', email: 'ada@example.com', email_verified: false });
      for (const responseType of ['id_token token', 'code id_token', 'code id_token token']) {
        const claims = claimsOf(inFragment((await ask(responseType, { scope })).answer)['id_token']);
        expect(claims).not.toHaveProperty('name');
        expect(claims).not.toHaveProperty('email');
      }
    });

    it('contains roles for clients that may request them, in every flow', async () => {
      for (const responseType of ['id_token', 'code id_token'])
        expect(
          claimsOf(inFragment((await ask(responseType, { scope: 'openid roles' })).answer)['id_token']),
        ).toMatchObject({ roles: expect.arrayContaining(['developer']) as unknown });
    });

    it('and that of the token endpoint name the same issuer and subject (3.3.3.6)', async () => {
      const { answer, proof } = await ask('code id_token');
      const { code = '', id_token: first } = inFragment(answer);
      const tokens = (await redeem(provider, registered, code, proof.verifier)).json<Tokens>();
      const { iss, sub, aud, nonce, auth_time: authTime } = claimsOf(tokens.id_token);
      expect(claimsOf(first)).toMatchObject({ iss, sub, aud, nonce, auth_time: authTime });
      expect(claimsOf(tokens.id_token)).toHaveProperty('at_hash');
      expect(claimsOf(tokens.id_token)).not.toHaveProperty('c_hash');
    });
  });

  describe('the access token of the authorization endpoint', () => {
    it('opens UserInfo by its scope', async () => {
      const { answer } = await ask('id_token token', { scope: 'openid email' });
      const info = await send(`${provider.issuer}/oauth/userinfo`, {
        headers: { Authorization: `Bearer ${inFragment(answer)['access_token']}` },
      });
      expect(info.json()).toEqual({ sub: userId, email: 'ada@example.com', email_verified: false });
    });

    it('lives as long as it says, a purge in between or not', async () => {
      const token = inFragment((await ask('id_token token')).answer)['access_token'];
      provider.clock.advance(3599);
      await purge(provider);
      expect(await isActive(provider, registered, token)).toBe(true);
      provider.clock.advance(1);
      expect(await isActive(provider, registered, token)).toBe(false);
    });

    it('for an API is valid for the lifetime of the API, also after a purge', async () => {
      const api = await addResource(provider, {
        identifier: 'urn:slow',
        tokenFormat: 'opaque',
        accessTokenLifetimeSeconds: 7200,
      });
      const made = await provider.addClient(everyFlow);
      const { answer } = await ask('id_token token', { scope: 'openid read', resource: 'urn:slow' }, made);
      const members = inFragment(answer);
      expect(members['expires_in']).toBe('7200');
      provider.clock.advance(7199);
      await purge(provider);
      expect(await isActive(provider, api, members['access_token'])).toBe(true);
    });

    it('dies with its grant when the code is replayed, with the tokens of the code (RFC 6749 4.1.2)', async () => {
      const { answer, proof } = await ask('code token', { scope: 'openid offline_access' });
      const { code = '', access_token: front } = inFragment(answer);
      const tokens = (await redeem(provider, registered, code, proof.verifier)).json<Tokens>();
      expect(await isActive(provider, registered, front)).toBe(true);
      provider.clock.advance(100);
      await purge(provider);
      expect((await redeem(provider, registered, code, proof.verifier)).json()).toMatchObject({
        error: 'invalid_grant',
      });
      for (const token of [front, tokens.access_token]) expect(await isActive(provider, registered, token)).toBe(false);
      expect((await refresh(provider, registered, tokens.refresh_token ?? '')).status).toBe(400);
    });

    it('dies when the person logs out of the session that it came from', async () => {
      const user = await provider.addUser();
      const own = await provider.logIn(user);
      const { parameters } = authorizationRequest(registered.client, { response_type: 'id_token token' });
      const token = inFragment(await own.open(authorizeUrl(provider, parameters)))['access_token'];
      expect(await isActive(provider, registered, token)).toBe(true);
      await own.open(`${provider.issuer}/logout`);
      await own.submit({ logout: 'yes' });
      expect(await isActive(provider, registered, token)).toBe(false);
    });

    it('is of no code flow: its code gives another one', async () => {
      const { answer, proof } = await ask('code token');
      const { code = '', access_token: front } = inFragment(answer);
      const tokens = (await redeem(provider, registered, code, proof.verifier)).json<Tokens>();
      expect(tokens.access_token).not.toBe(front);
    });
  });

  it('the page of consent comes first, and its answer goes into the fragment', async () => {
    const asking = await provider.addClient({ ...everyFlow, consentRequired: true });
    const { answer } = await ask('code id_token', { scope: 'openid profile' }, asking);
    expect(answer.status).toBe(200);
    expect(Object.keys(inFragment(await browser.submit({ confirm: 'yes' }))).sort()).toEqual([
      'code',
      'id_token',
      'iss',
      'state',
    ]);
    const denied = await provider.addClient({ ...everyFlow, consentRequired: true });
    await ask('code id_token', {}, denied);
    expect(inFragment(await browser.submit({ confirm: 'no' }))).toMatchObject({ error: 'access_denied' });
  });

  it('a client that may use implicit answers gets no token at the token endpoint by that name (RFC 6749 4.2)', async () => {
    const answer = await send(`${provider.issuer}/oauth/token`, {
      method: 'POST',
      body: 'grant_type=implicit',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: basic(registered.client, registered.secret),
      },
    });
    expect(answer.json()).toMatchObject({ error: 'unsupported_grant_type' });
  });

  it('a client of every flow still gets its tokens by code alone', async () => {
    expect(await obtainTokens(provider, browser, registered)).toMatchObject({ token_type: 'Bearer' });
  });
});
