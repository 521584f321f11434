import type { Browser } from '../support/browser';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { isActive, obtainRefreshToken, refresh, type Registered, type Tokens } from '../support/tokens';

describe('token revocation (RFC 7009)', () => {
  let provider: TestProvider;
  let registered: Registered;
  let browser: Browser;
  beforeAll(async () => {
    provider = await startProvider();
    registered = await provider.addClient();
    browser = await provider.logIn(await provider.addUser());
  });
  afterAll(() => provider.close());

  const revoke = (token: string, by: Registered = registered, fields: Readonly<Record<string, string>> = {}) =>
    post(`${provider.issuer}/oauth/revoke`, { token, ...fields }, { Authorization: basic(by.client, by.secret) });

  it('ends an access token alone: its refresh token lives on', async () => {
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const answer = await revoke(tokens.access_token);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await isActive(provider, registered, tokens.access_token)).toBe(false);
    expect((await refresh(provider, registered, tokens.refresh_token)).status).toBe(200);
  });

  it('ends a refresh token with every access token of its grant (2.1)', async () => {
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const next = (await refresh(provider, registered, tokens.refresh_token)).json<Tokens>();
    expect((await revoke(next.refresh_token ?? '')).status).toBe(200);
    expect(await isActive(provider, registered, tokens.access_token)).toBe(false);
    expect(await isActive(provider, registered, next.access_token)).toBe(false);
    expect((await refresh(provider, registered, next.refresh_token ?? '')).json()).toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('revokes the grant of a refresh token that was exchanged already', async () => {
    const rotating = await provider.addClient({ refreshTokenRotation: 'always' });
    const tokens = await obtainRefreshToken(provider, browser, rotating);
    const next = (await refresh(provider, rotating, tokens.refresh_token)).json<Tokens>();
    await revoke(tokens.refresh_token, rotating);
    expect(await isActive(provider, rotating, next.access_token)).toBe(false);
  });

  it('leaves other grants of the same person and client alone', async () => {
    const one = await obtainRefreshToken(provider, browser, registered);
    const two = await obtainRefreshToken(provider, browser, registered);
    await revoke(one.refresh_token);
    expect(await isActive(provider, registered, two.refresh_token)).toBe(true);
  });

  it.each(['access_token', 'refresh_token', 'nonsense'])(
    'finds the token whatever the token_type_hint says (%s)',
    async (hint) => {
      const tokens = await obtainRefreshToken(provider, browser, registered);
      expect((await revoke(tokens.refresh_token, registered, { token_type_hint: hint })).status).toBe(200);
      expect(await isActive(provider, registered, tokens.refresh_token)).toBe(false);
    },
  );

  it.each(['x', 'a.b', '1'.repeat(10_000)])(
    'answers 200 to what is no token, or none any more (2.2; %#)',
    async (token) => {
      expect((await revoke(token)).status).toBe(200);
    },
  );

  it('returns 200 to a token that is revoked already', async () => {
    const tokens = await obtainRefreshToken(provider, browser, registered);
    await revoke(tokens.refresh_token);
    expect((await revoke(tokens.refresh_token)).status).toBe(200);
    expect((await revoke(tokens.access_token)).status).toBe(200);
  });

  it("rejects another client's token, which lives on (2.1)", async () => {
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const other = await provider.addClient();
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const answer = await revoke(token, other);
      expect(answer.status).toBe(400);
      expect(answer.json()).toHaveProperty('error');
      expect(await isActive(provider, registered, token)).toBe(true);
    }
  });

  it('lets a public client end its own tokens', async () => {
    const { client } = await provider.addClient({ type: 'public', authMethod: 'none' });
    const answer = await post(`${provider.issuer}/oauth/revoke`, { token: 'x', client_id: client.id });
    expect(answer.status).toBe(200);
  });

  it('returns 401 without credentials, and 400 without a token', async () => {
    expect((await post(`${provider.issuer}/oauth/revoke`, { token: 'x' })).status).toBe(401);
    const answer = await post(
      `${provider.issuer}/oauth/revoke`,
      {},
      { Authorization: basic(registered.client, registered.secret) },
    );
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: 'invalid_request' });
  });
});
