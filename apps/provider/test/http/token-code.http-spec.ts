import { CacheVersions } from '../../src/database/cache-versions.service';
import type { Answer, Browser } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { eventually } from '../support/eventually';
import { claimsOf, introspect, isActive, purge, refresh, type Registered, type Tokens } from '../support/tokens';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { DeleteClient } from '../../src/clients/operations/delete-client';

describe('redeeming an authorization code', () => {
  let provider: TestProvider;
  let registered: Registered;
  let browser: Browser;
  let user: { id: string; username: string };
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());
  beforeEach(async () => {
    const person = await provider.addUser();
    user = person;
    registered = await provider.addClient({
      redirectUris: ['https://client.test/callback', 'https://client.test/other'],
    });
    browser = await provider.logIn(person);
  });

  const offline = { scope: 'openid offline_access' };

  function expectInvalidGrant(answer: Answer): void {
    expect(answer.status).toBe(400);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({ error: 'invalid_grant', error_description: expect.any(String) as unknown });
  }

  it('answers what RFC 6749 5.1 and OpenID Connect Core 3.1.3.3 ask for', async () => {
    const { code, verifier } = await authorize(provider, browser, registered.client, offline);
    const answer = await redeem(provider, registered, code, verifier);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    const tokens = answer.json<Tokens>();
    expect(tokens).toEqual({
      access_token: expect.any(String) as unknown,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid offline_access',
      refresh_token: expect.any(String) as unknown,
      id_token: expect.any(String) as unknown,
    });
    const now = provider.clock.now();
    expect(claimsOf(tokens.id_token)).toEqual({
      iss: provider.issuer,
      sub: user.id,
      aud: registered.client.id,
      iat: now,
      exp: now + 3600,
      auth_time: expect.any(Number) as unknown,
      nonce: 'some-nonce',
      amr: ['pwd'],
      acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      sid: expect.any(String) as unknown,
      at_hash: expect.stringMatching(/^[\w-]{22}$/) as unknown,
    });
  });

  it('gives no refresh token to an OpenID request without offline_access, and no ID token without openid', async () => {
    const openid = await authorize(provider, browser, registered.client, { scope: 'openid' });
    expect((await redeem(provider, registered, openid.code, openid.verifier)).json()).not.toHaveProperty(
      'refresh_token',
    );
    const plain = await authorize(provider, browser, registered.client, { scope: 'profile' });
    const tokens = (await redeem(provider, registered, plain.code, plain.verifier)).json();
    expect(tokens).not.toHaveProperty('id_token');
    expect(tokens).toHaveProperty('refresh_token');
  });

  it('gives no refresh token to a client without that grant type', async () => {
    const other = await provider.addClient({ grantTypes: ['authorization_code'] });
    const { code, verifier } = await authorize(provider, browser, other.client, offline);
    expect((await redeem(provider, other, code, verifier)).json()).not.toHaveProperty('refresh_token');
  });

  it('roles come only by the scope roles', async () => {
    const withRoles = await provider.addClient({ scope: ['openid', 'roles'] });
    const { code, verifier } = await authorize(provider, browser, withRoles.client, { scope: 'openid roles' });
    expect(claimsOf((await redeem(provider, withRoles, code, verifier)).json<Tokens>().id_token)).toMatchObject({
      roles: ['user'],
    });
  });

  describe('a second redemption (RFC 6749 4.1.2)', () => {
    it('returns invalid_grant and revokes what the first one got', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      expect(await isActive(provider, registered, tokens.access_token)).toBe(true);
      expectInvalidGrant(await redeem(provider, registered, code, verifier));
      expect(await isActive(provider, registered, tokens.access_token)).toBe(false);
      expect(await isActive(provider, registered, tokens.refresh_token)).toBe(false);
      expectInvalidGrant(await refresh(provider, registered, tokens.refresh_token ?? ''));
    });

    it('is seen after the code has expired too', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      provider.clock.advance(1000);
      expectInvalidGrant(await redeem(provider, registered, code, verifier));
      expect(await isActive(provider, registered, tokens.access_token)).toBe(false);
    });

    it('is seen after the purge job ran, as long as a token of it can be alive', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      provider.clock.advance(2 * 24 * 3600);
      await purge(provider);
      expect(await isActive(provider, registered, tokens.refresh_token)).toBe(true);
      expectInvalidGrant(await redeem(provider, registered, code, verifier));
      expect(await isActive(provider, registered, tokens.refresh_token)).toBe(false);
    });

    it('kills what was refreshed since', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const first = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      const second = (await refresh(provider, registered, first.refresh_token ?? '')).json<Tokens>();
      expectInvalidGrant(await redeem(provider, registered, code, verifier));
      expect(await isActive(provider, registered, second.access_token)).toBe(false);
    });

    it('with a wrong verifier counts too: the code may have been stolen', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      expectInvalidGrant(await redeem(provider, registered, code, 'x'.repeat(43)));
      expect(await isActive(provider, registered, tokens.access_token)).toBe(false);
    });

    it('by another client tells nothing and revokes nothing', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      expectInvalidGrant(await redeem(provider, await provider.addClient(), code, verifier));
      expect(await isActive(provider, registered, tokens.access_token)).toBe(true);
    });
  });

  it('rejects another client, and leaves the code to its own (RFC 6749 4.1.3)', async () => {
    const { code, verifier } = await authorize(provider, browser, registered.client);
    expectInvalidGrant(await redeem(provider, await provider.addClient(), code, verifier));
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
  });

  it.each(['', 'x', 'a.b', `${'z'.repeat(5000)}`])(
    'answers an error to a code that was never issued (%#)',
    async (code) => {
      const answer = await redeem(provider, registered, code, 'x'.repeat(43));
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ error: code === '' ? 'invalid_request' : 'invalid_grant' });
    },
  );

  it('rejects a code whose verifier half was changed', async () => {
    const { code, verifier } = await authorize(provider, browser, registered.client);
    const changed = code.slice(0, -2) + (code.endsWith('AA') ? 'BA' : 'AA');
    expectInvalidGrant(await redeem(provider, registered, changed, verifier));
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
  });

  it('rejects it after its lifetime of 60 s, and takes it one second before', async () => {
    const late = await authorize(provider, browser, registered.client);
    provider.clock.advance(60);
    expectInvalidGrant(await redeem(provider, registered, late.code, late.verifier));
    const early = await authorize(provider, browser, registered.client);
    provider.clock.advance(59);
    expect((await redeem(provider, registered, early.code, early.verifier)).status).toBe(200);
  });

  it.each([
    ['a longer one does not extend it', '600', 60],
    ['a shorter one ends it sooner', '30', 30],
  ])('refuses it by the lifetime of its issue and by the present one: %s', async (_name, lifetime, lastsSeconds) => {
    const after = await startProvider({
      databaseUrl: provider.databaseUrl,
      clock: provider.clock,
      env: { GATEHOUSE_SECRET_KEY: provider.secretKey, GATEHOUSE_CODE_LIFETIME: lifetime },
    });
    try {
      const late = await authorize(provider, browser, registered.client);
      provider.clock.advance(lastsSeconds);
      expectInvalidGrant(await redeem(after, registered, late.code, late.verifier));
      const early = await authorize(provider, browser, registered.client);
      provider.clock.advance(lastsSeconds - 1);
      expect((await redeem(after, registered, early.code, early.verifier)).status).toBe(200);
    } finally {
      await after.close();
    }
  });

  describe('redirect_uri (RFC 6749 4.1.3)', () => {
    it.each(['https://client.test/other', 'https://client.test/callback/', 'https://evil.test/'])(
      'refuses another one: %s',
      async (uri) => {
        const { code, verifier } = await authorize(provider, browser, registered.client);
        expectInvalidGrant(await redeem(provider, registered, code, verifier, { redirect_uri: uri }));
      },
    );

    it('rejects none where the authorization request named one', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client);
      expectInvalidGrant(await redeem(provider, registered, code, verifier, { redirect_uri: '' }));
    });

    it('compares the port of a native client too: what was sent must come again', async () => {
      const native = await provider.addClient({
        type: 'public',
        authMethod: 'none',
        applicationType: 'native',
        redirectUris: ['http://127.0.0.1/cb'],
      });
      const { code, verifier } = await authorize(provider, browser, native.client, {
        redirect_uri: 'http://127.0.0.1:5555/cb',
      });
      const fields = { grant_type: 'authorization_code', client_id: native.client.id, code, code_verifier: verifier };
      expectInvalidGrant(
        await post(`${provider.issuer}/oauth/token`, { ...fields, redirect_uri: 'http://127.0.0.1:5556/cb' }),
      );
      expect(
        (await post(`${provider.issuer}/oauth/token`, { ...fields, redirect_uri: 'http://127.0.0.1:5555/cb' })).status,
      ).toBe(200);
    });
  });

  describe('PKCE (RFC 7636)', () => {
    const vector = {
      verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    };

    it('takes the example of appendix B', async () => {
      const { code } = await authorize(provider, browser, registered.client, { code_challenge: vector.challenge });
      expect((await redeem(provider, registered, code, vector.verifier)).status).toBe(200);
    });

    it.each([
      ['another verifier', 'a'.repeat(43)],
      ['none', ''],
      ['the challenge itself: S256 is not plain', vector.challenge],
      ['one with something added', `${vector.verifier}A`],
      ['one that is too short', 'abc'],
      ['one that is too long', 'a'.repeat(129)],
      ['forbidden characters', `${'a'.repeat(42)}!`],
    ])('refuses %s, and the code is still there for its owner', async (_name, verifier) => {
      const { code } = await authorize(provider, browser, registered.client, { code_challenge: vector.challenge });
      const answer = await redeem(provider, registered, code, verifier);
      expect(answer.status).toBe(400);
      expect(['invalid_grant', 'invalid_request']).toContain(answer.json<{ error: string }>().error);
      expect((await redeem(provider, registered, code, vector.verifier)).status).toBe(200);
    });
  });

  describe('where PKCE is not asked of this client', () => {
    let lenient: TestProvider;
    beforeAll(async () => (lenient = await startProvider({ env: { GATEHOUSE_PKCE: 'public' } })));
    afterAll(() => lenient.close());

    async function codeOf(
      overrides: Readonly<Record<string, string | undefined>>,
    ): Promise<{ code: string; made: Registered; verifier: string }> {
      const made = await lenient.addClient({ pkceRequired: false, consentRequired: false });
      const { parameters, proof } = authorizationRequest(made.client, overrides);
      const answer = await (await lenient.logIn(await lenient.addUser())).open(authorizeUrl(lenient, parameters));
      return { code: answerOf(answer).get('code') ?? '', made, verifier: proof.verifier };
    }

    it('redeems without a verifier what was asked for without a challenge', async () => {
      const { code, made } = await codeOf({ code_challenge: undefined, code_challenge_method: undefined });
      expect((await redeem(lenient, made, code, '')).status).toBe(200);
    });

    it('gives an ID token without nonce where none was sent (OpenID Connect Core 3.1.3.6)', async () => {
      const without = { code_challenge: undefined, code_challenge_method: undefined, nonce: undefined };
      const { code, made } = await codeOf(without);
      const answer = await redeem(lenient, made, code, '');
      expect(answer.status).toBe(200);
      expect(claimsOf(answer.json<Tokens>().id_token)).not.toHaveProperty('nonce');
    });

    it('rejects a verifier without a challenge: the challenge was stripped on its way (RFC 9700 2.1.1)', async () => {
      const { code, made, verifier } = await codeOf({ code_challenge: undefined, code_challenge_method: undefined });
      expectInvalidGrant(await redeem(lenient, made, code, verifier));
    });

    it('asks for the verifier where there was a challenge', async () => {
      const { code, made, verifier } = await codeOf({});
      expectInvalidGrant(await redeem(lenient, made, code, ''));
      expect((await redeem(lenient, made, code, verifier)).status).toBe(200);
    });
  });

  it('rejects the code of a user who was disabled since', async () => {
    const { code, verifier } = await authorize(provider, browser, registered.client);
    await provider.execute(SetUserState, { id: user.id, disabled: true });
    expectInvalidGrant(await redeem(provider, registered, code, verifier));
  });

  it('rejects the code of a session that was ended since, but not where access was granted offline', async () => {
    const online = await authorize(provider, browser, registered.client);
    const lasting = await authorize(provider, browser, registered.client, offline);
    await browser.open(`${provider.issuer}/logout`);
    await browser.submit({ logout: 'yes' });
    expectInvalidGrant(await redeem(provider, registered, online.code, online.verifier));
    expect((await redeem(provider, registered, lasting.code, lasting.verifier)).status).toBe(200);
  });

  describe('when the client changes concurrently', () => {
    it('returns invalid_client to one that was removed', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client);
      await provider.execute(DeleteClient, { id: registered.client.id });
      const answer = await eventually(
        () => redeem(provider, registered, code, verifier),
        (each) => each.status === 401,
      );
      expect(answer.json()).toMatchObject({ error: 'invalid_client' });
    });

    it('returns invalid_client for a disabled client, and rejects its tokens', async () => {
      const { code, verifier } = await authorize(provider, browser, registered.client, offline);
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      await provider.store.run(async (unit) => {
        await unit.manager.query('UPDATE clients SET disabled_at = 1');
        await provider.app.get(CacheVersions).bump(unit, 'clients');
      });
      const answer = await eventually(
        () => refresh(provider, registered, tokens.refresh_token ?? ''),
        (each) => each.status === 401,
      );
      expect(answer.json()).toMatchObject({ error: 'invalid_client' });
      expect((await introspect(provider, registered, tokens.access_token)).status).toBe(401);
      const me = await browser.send(`${provider.issuer}/api/me`, {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      });
      expect(me.status).toBe(401);
    });
  });
});
