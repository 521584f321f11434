import type { Answer, Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import {
  claimsOf,
  isActive,
  obtainRefreshToken,
  obtainTokens,
  purge,
  refresh,
  type Registered,
  type Tokens,
} from '../support/tokens';
import { SetUserState } from '../../src/users/operations/set-user-state';

describe('refreshing with rotation (RFC 6749 6, RFC 9700 4.14.2)', () => {
  let provider: TestProvider;
  let registered: Registered;
  let browser: Browser;
  let user: { id: string };
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());
  beforeEach(async () => {
    const person = await provider.addUser();
    user = person;
    registered = await provider.addClient({ refreshTokenRotation: 'always' });
    browser = await provider.logIn(person);
  });

  function expectError(answer: Answer, error = 'invalid_grant'): void {
    expect(answer.status).toBe(400);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toMatchObject({ error });
  }

  it('gives new tokens, and the access token from before lives on', async () => {
    const first = await obtainRefreshToken(provider, browser, registered);
    const answer = await refresh(provider, registered, first.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const second = answer.json<Tokens>();
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.scope).toBe(first.scope);
    expect(await isActive(provider, registered, first.access_token)).toBe(true);
    expect(await isActive(provider, registered, first.refresh_token)).toBe(false);
    expect(await isActive(provider, registered, second.refresh_token)).toBe(true);
  });

  it('gives an ID token of the same login, without nonce (OpenID Connect Core 12.2)', async () => {
    const first = await obtainRefreshToken(provider, browser, registered);
    provider.clock.advance(100);
    const before = claimsOf(first.id_token);
    const after = claimsOf((await refresh(provider, registered, first.refresh_token)).json<Tokens>().id_token);
    for (const claim of ['iss', 'sub', 'aud', 'auth_time', 'sid']) expect(after[claim]).toEqual(before[claim]);
    expect(after['iat']).toBe(provider.clock.now());
    expect(after).not.toHaveProperty('nonce');
  });

  describe('the same request again', () => {
    it('gets the same bytes within the window: an answer was lost', async () => {
      const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
      const first = await refresh(provider, registered, token);
      provider.clock.advance(29);
      const second = await refresh(provider, registered, token);
      expect(second.status).toBe(200);
      expect(second.text).toBe(first.text);
      expect((await refresh(provider, registered, token)).text).toBe(first.text);
      expect(await isActive(provider, registered, first.json<Tokens>().access_token)).toBe(true);
    });

    it('after the window is reuse: the whole grant dies', async () => {
      const { refresh_token: token, access_token: access } = await obtainRefreshToken(provider, browser, registered);
      const first = (await refresh(provider, registered, token)).json<Tokens>();
      provider.clock.advance(30);
      expectError(await refresh(provider, registered, token));
      expect(await isActive(provider, registered, access)).toBe(false);
      expect(await isActive(provider, registered, first.access_token)).toBe(false);
      expectError(await refresh(provider, registered, first.refresh_token ?? ''));
    });

    it('with another scope is reuse', async () => {
      const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
      const first = (await refresh(provider, registered, token)).json<Tokens>();
      expectError(await refresh(provider, registered, token, { scope: 'openid' }));
      expect(await isActive(provider, registered, first.access_token)).toBe(false);
    });

    it('after its successor was used is reuse', async () => {
      const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
      const second = (await refresh(provider, registered, token)).json<Tokens>();
      const third = (await refresh(provider, registered, second.refresh_token ?? '')).json<Tokens>();
      expectError(await refresh(provider, registered, token));
      expect(await isActive(provider, registered, third.access_token)).toBe(false);
      expectError(await refresh(provider, registered, third.refresh_token ?? ''));
    });

    it('by another client is rejected and revokes nothing', async () => {
      const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
      const first = (await refresh(provider, registered, token)).json<Tokens>();
      expectError(await refresh(provider, await provider.addClient(), token));
      expect(await isActive(provider, registered, first.access_token)).toBe(true);
    });

    it('is still answered, and still seen as reuse, after the purge job ran', async () => {
      const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
      const first = await refresh(provider, registered, token);
      await purge(provider);
      expect((await refresh(provider, registered, token)).text).toBe(first.text);
      provider.clock.advance(3600);
      await purge(provider);
      expectError(await refresh(provider, registered, token));
      expectError(await refresh(provider, registered, first.json<Tokens>().refresh_token ?? ''));
    });

    it('is reuse at once where GATEHOUSE_REFRESH_RETRY_WINDOW is 0', async () => {
      const strict = await startProvider({ env: { GATEHOUSE_REFRESH_RETRY_WINDOW: '0' } });
      try {
        const made = await strict.addClient({ refreshTokenRotation: 'always' });
        const { refresh_token: token } = await obtainRefreshToken(
          strict,
          await strict.logIn(await strict.addUser()),
          made,
        );
        const first = (await refresh(strict, made, token)).json<Tokens>();
        expectError(await refresh(strict, made, token));
        expect(await isActive(strict, made, first.access_token)).toBe(false);
      } finally {
        await strict.close();
      }
    });
  });

  it('100 parallel refreshes of one token give one distinct answer', async () => {
    const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(provider, registered, token)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect((await refresh(provider, registered, answers[0]?.json<Tokens>().refresh_token ?? '')).status).toBe(200);
  });

  describe('scope (RFC 6749 6)', () => {
    it('may be narrowed for one answer, and the next one has all of it again', async () => {
      const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
      const narrow = (await refresh(provider, registered, token, { scope: 'openid' })).json<Tokens>();
      expect(narrow.scope).toBe('openid');
      const wide = (await refresh(provider, registered, narrow.refresh_token ?? '')).json<Tokens>();
      expect(wide.scope).toBe('openid profile offline_access');
    });

    it.each(['openid email', 'roles', 'openid "x"'])(
      'is never widened: %s is an invalid_scope, and nothing is spent',
      async (scope) => {
        const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
        expectError(await refresh(provider, registered, token, { scope }), 'invalid_scope');
        expect((await refresh(provider, registered, token)).status).toBe(200);
      },
    );
  });

  it('rejects it after its lifetime, which each use renews', async () => {
    const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
    provider.clock.advance(29 * 24 * 3600);
    const second = (await refresh(provider, registered, token)).json<Tokens>();
    provider.clock.advance(29 * 24 * 3600);
    await purge(provider);
    const third = (await refresh(provider, registered, second.refresh_token ?? '')).json<Tokens>();
    provider.clock.advance(30 * 24 * 3600);
    expectError(await refresh(provider, registered, third.refresh_token ?? ''));
  });

  it.each(['', 'x', 'a.b'])('rejects what is not a refresh token of this server (%#)', async (token) => {
    expectError(await refresh(provider, registered, token), token === '' ? 'invalid_request' : 'invalid_grant');
  });

  it('rejects an access token', async () => {
    const { access_token: token } = await obtainTokens(provider, browser, registered);
    expectError(await refresh(provider, registered, token));
  });

  it('rejects one of another client, and leaves it to its own', async () => {
    const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
    expectError(await refresh(provider, await provider.addClient(), token));
    expect((await refresh(provider, registered, token)).status).toBe(200);
  });

  it('answers unauthorized_client to a client without the grant type', async () => {
    const other = await provider.addClient({ grantTypes: ['authorization_code'] });
    expectError(await refresh(provider, other, 'x'), 'unauthorized_client');
  });

  it('outlives the logout where access was granted offline, and ends with the person', async () => {
    const { refresh_token: token } = await obtainRefreshToken(provider, browser, registered);
    await browser.open(`${provider.issuer}/logout`);
    await browser.submit({ logout: 'yes' });
    const next = (await refresh(provider, registered, token)).json<Tokens>();
    await provider.execute(SetUserState, { id: user.id, disabled: true });
    expectError(await refresh(provider, registered, next.refresh_token ?? ''));
    expect(await isActive(provider, registered, next.access_token)).toBe(false);
  });
});
