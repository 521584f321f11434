import { parseToken } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/platform/database/store';
import type { ClientDraft } from '@gatehouse/domain/oauth';
import type { Answer, Browser } from '../support/browser';
import { dpopKey, proofOf, type DpopKey } from '../support/dpop';
import { authorize, basic, post, startProvider, type TestProvider } from '../support/provider';
import { register, registered as registeredClient } from '../support/registration';
import { introspect, isActive, purge, refresh, type Registered, type Tokens } from '../support/tokens';
import { changeClient } from '../support/client-changes';

type Fields = Readonly<Record<string, string>>;

const minute = 60;
const day = 24 * 3600;
const offline = 'openid profile offline_access';

/** Rotation of refresh tokens, and tokens that are kept (RFC 9700 4.14.2). */
let provider: TestProvider;
let browser: Browser;
let key: DpopKey;
let otherKey: DpopKey;
beforeAll(async () => {
  provider = await startProvider();
  [key, otherKey] = [await dpopKey(), await dpopKey('EdDSA')];
});
afterAll(() => provider.close());
beforeEach(async () => {
  // Tests move the clock past the life of a session.
  browser = await provider.logIn(await provider.addUser());
});

const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  provider.addClient({ consentRequired: false, ...draft });
const addPublic = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  add({ type: 'public', authMethod: 'none', ...draft });

/** A token request of this client, with a DPoP proof where a key is given. */
async function ask(on: TestProvider, { client, secret }: Registered, fields: Fields, by?: DpopKey): Promise<Answer> {
  const url = `${on.issuer}/oauth/token`;
  const headers: Record<string, string> = by ? { DPoP: await proofOf(by, { url, now: on.clock.now() }) } : {};
  return client.type === 'public'
    ? post(url, { client_id: client.id, ...fields }, headers)
    : post(url, fields, { Authorization: basic(client, secret), ...headers });
}

/** Tokens of a person with a refresh token among them. */
async function tokensOf(
  registered: Registered,
  by?: DpopKey,
  on = provider,
  as = browser,
): Promise<Tokens & { refresh_token: string }> {
  const { code, verifier } = await authorize(on, as, registered.client, { scope: offline });
  const redirect = registered.client.redirectUris[0] ?? '';
  const fields = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirect };
  const answer = await ask(on, registered, fields, by);
  expect(answer.status).toBe(200);
  return answer.json<Tokens & { refresh_token: string }>();
}

const refreshBy = (registered: Registered, token: string | undefined, by?: DpopKey, on = provider): Promise<Answer> =>
  ask(on, registered, { grant_type: 'refresh_token', refresh_token: token ?? '' }, by);

async function refreshed(registered: Registered, token: string | undefined, by?: DpopKey): Promise<Tokens> {
  const answer = await refreshBy(registered, token, by);
  expect(answer.status).toBe(200);
  return answer.json<Tokens>();
}

const refused = (answer: Answer): unknown[] => [answer.status, answer.json()['error']];

/** Whether an access token of a client that cannot introspect opens UserInfo. */
async function opens(token: string): Promise<boolean> {
  return (
    (await browser.send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } }))
      .status === 200
  );
}

async function change({ client }: Registered, draft: Partial<ClientDraft>): Promise<void> {
  await changeClient(provider, client.id, draft);
}

describe('a confidential client keeps its refresh token', () => {
  it('which each answer repeats, with new access tokens', async () => {
    const registered = await add();
    const first = await tokensOf(registered);
    const second = await refreshed(registered, first.refresh_token);
    expect(second.refresh_token).toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.scope).toBe(first.scope);
    for (const token of [first.access_token, second.access_token, first.refresh_token])
      expect(await isActive(provider, registered, token)).toBe(true);
  });

  it('and keeps its grant when it lost an answer and repeats the request after the retry window', async () => {
    const registered = await add();
    const first = await tokensOf(registered);
    const lost = await refreshed(registered, first.refresh_token);
    provider.clock.advance(10 * minute);
    const again = await refreshed(registered, first.refresh_token);
    expect(again.access_token).not.toBe(lost.access_token);
    expect(await isActive(provider, registered, again.access_token)).toBe(true);
  });

  it('and keeps its grant when it repeats the request with a new DPoP key (RFC 9449 5)', async () => {
    const registered = await add();
    const first = await tokensOf(registered, key);
    await refreshed(registered, first.refresh_token, key);
    const again = await refreshed(registered, first.refresh_token, otherKey);
    const seen = (await introspect(provider, registered, again.access_token)).json();
    expect(seen).toMatchObject({ active: true, cnf: { jkt: otherKey.jkt } });
  });

  it('in any number of parallel requests, each of which gets its own access token', async () => {
    const registered = await add();
    const { refresh_token: token } = await tokensOf(registered);
    provider.clock.advance(2 * minute);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refreshed(registered, token)));
    expect(new Set(answers.map((answer) => answer.access_token)).size).toBe(50);
    expect(new Set(answers.map((answer) => answer.refresh_token))).toEqual(new Set([token]));
  });

  it('until it is revoked: that ends every access token of the grant (RFC 7009 2.1)', async () => {
    const registered = await add();
    const first = await tokensOf(registered);
    const second = await refreshed(registered, first.refresh_token);
    await post(
      `${provider.issuer}/oauth/revoke`,
      { token: first.refresh_token },
      { Authorization: basic(registered.client, registered.secret) },
    );
    for (const token of [first.access_token, second.access_token, first.refresh_token])
      expect(await isActive(provider, registered, token)).toBe(false);
    expect(refused(await refreshBy(registered, first.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('with all of its scope, whatever one request narrowed (RFC 6749 6)', async () => {
    const registered = await add();
    const { refresh_token: token } = await tokensOf(registered);
    const narrow = (await refresh(provider, registered, token, { scope: 'openid' })).json<Tokens>();
    expect([narrow.scope, narrow.refresh_token]).toEqual(['openid', token]);
    expect((await refreshed(registered, token)).scope).toBe(offline);
  });

  it('no longer where it lost the scope or the grant type for it', async () => {
    const registered = await add();
    const { refresh_token: token } = await tokensOf(registered);
    await change(registered, { scope: ['openid', 'profile'] });
    expect(await refreshed(registered, token)).not.toHaveProperty('refresh_token');
    provider.clock.advance(minute);
    expect(refused(await refreshBy(registered, token))).toEqual([400, 'invalid_grant']);

    const other = await add();
    const tokens = await tokensOf(other);
    await change(other, { grantTypes: ['authorization_code'] });
    expect(refused(await refreshBy(other, tokens.refresh_token))).toEqual([400, 'unauthorized_client']);
  });
});

describe('a public client', () => {
  it('rotates its refresh token: one that comes again after the window ends the grant', async () => {
    const registered = await addPublic();
    const first = await tokensOf(registered);
    const second = await refreshed(registered, first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await opens(second.access_token)).toBe(true);
    provider.clock.advance(minute);
    expect(refused(await refreshBy(registered, first.refresh_token))).toEqual([400, 'invalid_grant']);
    expect(await opens(second.access_token)).toBe(false);
    expect(refused(await refreshBy(registered, second.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('keeps one that is bound to its DPoP key, and needs the key each time', async () => {
    const registered = await addPublic();
    const first = await tokensOf(registered, key);
    expect((await refreshed(registered, first.refresh_token, key)).refresh_token).toBe(first.refresh_token);
    provider.clock.advance(10 * minute);
    for (const by of [undefined, otherKey])
      expect(refused(await refreshBy(registered, first.refresh_token, by))).toEqual([400, 'invalid_grant']);
    expect((await refreshed(registered, first.refresh_token, key)).refresh_token).toBe(first.refresh_token);
  });
});

describe('refresh_token_rotation', () => {
  it('always: also confidential clients and bound tokens rotate', async () => {
    const registered = await add({ refreshTokenRotation: 'always' });
    const first = await tokensOf(registered);
    const second = await refreshed(registered, first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    provider.clock.advance(minute);
    expect(refused(await refreshBy(registered, first.refresh_token))).toEqual([400, 'invalid_grant']);
    expect(await isActive(provider, registered, second.access_token)).toBe(false);

    const bound = await addPublic({ refreshTokenRotation: 'always' });
    const { refresh_token: token } = await tokensOf(bound, key);
    expect((await refreshed(bound, token, key)).refresh_token).not.toBe(token);
  });

  it('changed to default leaves consumed tokens consumed, and keeps the newest', async () => {
    const registered = await add({ refreshTokenRotation: 'always' });
    const first = await tokensOf(registered);
    const second = await refreshed(registered, first.refresh_token);
    await change(registered, { refreshTokenRotation: 'default' });
    expect((await refreshed(registered, second.refresh_token)).refresh_token).toBe(second.refresh_token);
    provider.clock.advance(minute);
    expect(refused(await refreshBy(registered, first.refresh_token))).toEqual([400, 'invalid_grant']);
    expect(refused(await refreshBy(registered, second.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('never: bearer tokens of a client that became public are rotated until they are bound', async () => {
    const registered = await addPublic();
    const { refresh_token: unbound } = await tokensOf(registered);
    await change(registered, { refreshTokenRotation: 'never', dpopBoundAccessTokens: true });
    const { refresh_token: bound } = await refreshed(registered, unbound, key);
    expect(bound).not.toBe(unbound);
    expect((await refreshed(registered, bound, key)).refresh_token).toBe(bound);
  });

  describe('at registration (RFC 7591)', () => {
    let open: TestProvider;
    beforeAll(async () => (open = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } })));
    afterAll(() => open.close());
    const metadata = { redirect_uris: ['https://client.test/cb'], token_endpoint_auth_method: 'none' };

    it.each([
      {},
      { refresh_token_rotation: 'always' },
      { refresh_token_rotation: 'never', dpop_bound_access_tokens: true },
    ])('takes %j of a public client and answers with it', async (said) => {
      const made = await registeredClient(open, { ...metadata, ...said });
      expect(made).toMatchObject({ refresh_token_rotation: 'default', ...said });
    });

    it('takes never of a confidential client', async () => {
      const said = { refresh_token_rotation: 'never', token_endpoint_auth_method: 'client_secret_basic' };
      expect(await registeredClient(open, said)).toMatchObject(said);
    });

    it.each([
      { refresh_token_rotation: 'never' },
      { refresh_token_rotation: 'sometimes' },
      { refresh_token_rotation: 1 },
    ])('refuses %j of a public client of bearer tokens (RFC 9700 4.14.2)', async (said) => {
      const answer = await register(open, { ...metadata, ...said });
      expect(refused(answer)).toEqual([400, 'invalid_client_metadata']);
      expect(answer.json()['error_description']).toContain('refresh_token_rotation');
    });
  });
});

describe('the lifetime of a kept token', () => {
  const row = statement('test.refresh_expiry', 'SELECT expires_at FROM refresh_tokens WHERE selector = $1');
  const grantRow = statement('test.grant_expiry', 'SELECT max(expires_at) AS expires_at FROM grants');
  async function expiryOf(token: string): Promise<number> {
    return (await provider.store.one<{ expires_at: number }>(row, parseToken(token)?.selector ?? 0))?.expires_at ?? 0;
  }

  it('counts from its last use', async () => {
    const registered = await add();
    const { refresh_token: token } = await tokensOf(registered);
    for (let use = 0; use < 3; use++) {
      provider.clock.advance(29 * day);
      await purge(provider);
      await refreshed(registered, token);
    }
    provider.clock.advance(30 * day);
    expect(refused(await refreshBy(registered, token))).toEqual([400, 'invalid_grant']);
    await purge(provider);
    expect(await expiryOf(token)).toBe(0);
  });

  it('is written at most once a minute, and its grant lives as long', async () => {
    const registered = await add();
    const { refresh_token: token } = await tokensOf(registered);
    const first = await expiryOf(token);
    provider.clock.advance(minute - 1);
    await refreshed(registered, token);
    expect(await expiryOf(token)).toBe(first);
    provider.clock.advance(1);
    await refreshed(registered, token);
    expect(await expiryOf(token)).toBe(first + minute);
    const grant = await provider.store.one<{ expires_at: number }>(grantRow);
    expect(grant?.expires_at).toBeGreaterThanOrEqual(first + minute);
  });

  it('counts from its last use where it is shorter than a minute', async () => {
    const short = await startProvider({ env: { GATEHOUSE_REFRESH_TOKEN_LIFETIME: '20' } });
    try {
      const registered = await short.addClient({ consentRequired: false });
      const as = await short.logIn(await short.addUser());
      const { refresh_token: token } = await tokensOf(registered, undefined, short, as);
      for (let use = 0; use < 10; use++) {
        short.clock.advance(15);
        expect((await refreshBy(registered, token, undefined, short)).status).toBe(200);
      }
      short.clock.advance(20);
      expect(refused(await refreshBy(registered, token, undefined, short))).toEqual([400, 'invalid_grant']);
    } finally {
      await short.close();
    }
  });

  it.each(['never', 'always'] as const)(
    'ends with GATEHOUSE_REFRESH_TOKEN_ABSOLUTE_LIFETIME, counted from the grant (rotation: %s)',
    async (refreshTokenRotation) => {
      const bounded = await startProvider({
        env: { GATEHOUSE_REFRESH_TOKEN_LIFETIME: '600', GATEHOUSE_REFRESH_TOKEN_ABSOLUTE_LIFETIME: '1000' },
      });
      try {
        const registered = await bounded.addClient({ consentRequired: false, refreshTokenRotation });
        const as = await bounded.logIn(await bounded.addUser());
        const began = bounded.clock.now();
        let { refresh_token: token } = await tokensOf(registered, undefined, bounded, as);
        bounded.clock.advance(500);
        token = (await refreshBy(registered, token, undefined, bounded)).json<{ refresh_token: string }>()
          .refresh_token;
        expect((await introspect(bounded, registered, token)).json()).toMatchObject({ exp: began + 1000 });
        bounded.clock.advance(499);
        token = (await refreshBy(registered, token, undefined, bounded)).json<{ refresh_token: string }>()
          .refresh_token;
        bounded.clock.advance(1);
        expect((await introspect(bounded, registered, token)).json()).toEqual({ active: false });
        expect(refused(await refreshBy(registered, token, undefined, bounded))).toEqual([400, 'invalid_grant']);
      } finally {
        await bounded.close();
      }
    },
  );

  it('ends for tokens that were issued before the absolute lifetime was shortened', async () => {
    const before = await startProvider();
    try {
      const registered = await before.addClient({ consentRequired: false });
      const as = await before.logIn(await before.addUser());
      const { refresh_token: token } = await tokensOf(registered, undefined, before, as);
      const after = await startProvider({
        databaseUrl: before.databaseUrl,
        clock: before.clock,
        env: { GATEHOUSE_SECRET_KEY: before.secretKey, GATEHOUSE_REFRESH_TOKEN_ABSOLUTE_LIFETIME: '1000' },
      });
      try {
        before.clock.advance(999);
        expect(await isActive(after, registered, token)).toBe(true);
        before.clock.advance(1);
        expect(await isActive(after, registered, token)).toBe(false);
        expect(refused(await refreshBy(registered, token, undefined, after))).toEqual([400, 'invalid_grant']);
      } finally {
        await after.close();
      }
    } finally {
      await before.close();
    }
  });
});
