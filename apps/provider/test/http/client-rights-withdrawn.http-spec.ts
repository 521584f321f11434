import { AccessTokensService } from '../../src/tokens/access-tokens.service';
import { adminApi, administrating, callerOf, ownToken, type AdminApiClient } from '../support/admin-api';
import type { Answer } from '../support/browser';
import { assertionClaims, assertionParameters, clientKey, signed } from '../support/client-jwts';
import { authorize, post, startProvider, type TestProvider } from '../support/provider';
import type { Registered } from '../support/tokens';

/** What a client got by a right ends with the right (libs/domain: client-handover.ts). */
describe('a right that is taken from a client and given back', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  const patch = async (id: string, change: object): Promise<void> =>
    expect((await api.call('PATCH', `clients/${id}`, change)).status).toBe(200);
  const use = async (token: string): Promise<number> => (await callerOf(provider, token).call('GET', 'users')).status;
  const isLive = async (token: string): Promise<boolean> =>
    (await provider.app.get(AccessTokensService).findActive(token, provider.clock.now())) !== undefined;

  it.each([
    ['the scope', { scope: 'x' }, { scope: 'gatehouse:admin x' }],
    ['the right to act for itself', { service_account: false }, { service_account: true }],
    [
      'the grant type',
      { grant_types: ['authorization_code'], redirect_uris: ['https://a.test/cb'] },
      { grant_types: ['client_credentials'], redirect_uris: [] },
    ],
  ])('%s: its own tokens from before are good no more', async (_what, taken, given) => {
    const { registered, token } = await adminApi(provider);
    const { id } = registered.client;
    expect(await use(token)).toBe(200);
    await patch(id, taken);
    expect(await use(token)).toBe(401);
    await patch(id, given);
    expect(await use(token)).toBe(401);
  });

  it('a scope that is added replaces the secret, and what that got ends too', async () => {
    const registered = await provider.addClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      serviceAccount: true,
      scope: ['gatehouse:read'],
    });
    const token = await ownToken(provider, registered, 'gatehouse:read');
    await patch(registered.client.id, { scope: 'gatehouse:read gatehouse:admin' });
    expect(await use(token)).toBe(401);
  });

  it('any other change ends none of its tokens', async () => {
    const { registered, token } = await adminApi(provider);
    await patch(registered.client.id, { client_name: 'Renamed', scope: 'gatehouse:admin other' });
    await patch(registered.client.id, { scope: 'gatehouse:admin' });
    expect([await isLive(token), await use(token)]).toEqual([true, 200]);
  });

  describe('with credentials that are replaced', () => {
    const [old, fresh] = [clientKey('ES256').publicJwk, clientKey('PS256').publicJwk];
    const rotate = (id: string, overlap_seconds: number): Promise<Answer> =>
      api.call('POST', `clients/${id}/rotate-secret`, { overlap_seconds });
    const rotateAtPage = async (id: string, overlap: string): Promise<void> => {
      const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
      const page = await admin.open(`${provider.base}/client/update/${id}`);
      expect(page.text).toContain('Stops working now, with the application’s own tokens');
      expect((await admin.submit({ overlap }, { action: `/client/secret/${id}` })).text).toContain(
        'id="client-secret"',
      );
    };
    const withKeys = async (id: string): Promise<void> =>
      patch(id, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [old] } });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['a new secret at the API', (id) => rotate(id, 0)],
      ['a new secret at the page', (id) => rotateAtPage(id, '0')],
      ['keys in place of the secret', withKeys],
    ])('%s: the tokens that the old ones got end', async (_what, replace) => {
      const { registered, token } = await adminApi(provider);
      expect(await use(token)).toBe(200);
      await replace(registered.client.id);
      expect(await use(token)).toBe(401);
    });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['the old secret, at the API', (id) => rotate(id, 60)],
      ['the old secret, at the page', (id) => rotateAtPage(id, '3600')],
      ['the secret, beside a key for something else', (id) => patch(id, { jwks: { keys: [old] } })],
    ])('%s: while it stays valid, the tokens do too', async (_what, replace) => {
      const { registered, token } = await adminApi(provider);
      await replace(registered.client.id);
      expect(await use(token)).toBe(200);
    });

    it('a key: its tokens end when the key is removed, and not when another one is added', async () => {
      const key = clientKey('ES256');
      const { client } = await provider.addClient({
        ...administrating,
        scope: ['gatehouse:admin'],
        authMethod: 'private_key_jwt',
        jwks: { keys: [key.publicJwk] },
      });
      const asked = await post(`${provider.base}/oauth/token`, {
        grant_type: 'client_credentials',
        scope: 'gatehouse:admin',
        ...assertionParameters(await signed(key, assertionClaims(provider, client))),
      });
      const { access_token: token } = asked.json<{ access_token: string }>();
      expect(await use(token)).toBe(200);
      await patch(client.id, { jwks: { keys: [key.publicJwk, fresh] } });
      expect(await use(token)).toBe(200);
      await patch(client.id, { jwks: { keys: [fresh] } });
      expect(await use(token)).toBe(401);
    });
  });

  describe('at a public tool of a person', () => {
    const scopes = ['openid', 'offline_access'];
    const refresh = ({ client }: Registered, token: string): Promise<Answer> =>
      post(`${provider.base}/oauth/token`, {
        client_id: client.id,
        grant_type: 'refresh_token',
        refresh_token: token,
      });

    async function toolWith(scope: string) {
      const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
      const tool = await provider.addClient({
        name: 'Tool',
        type: 'public',
        authMethod: 'none',
        scope: [...scopes, 'gatehouse:admin'],
      });
      const { code, verifier } = await authorize(provider, browser, tool.client, { scope, prompt: 'consent' });
      const answer = await post(`${provider.base}/oauth/token`, {
        client_id: tool.client.id,
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: tool.client.redirectUris[0] ?? '',
      });
      return { tool, tokens: answer.json<{ access_token: string; refresh_token: string }>() };
    }

    it('the administration scope: the refresh token of a grant with it is good no more', async () => {
      const { tool, tokens } = await toolWith('openid offline_access gatehouse:admin');
      expect(await use(tokens.access_token)).toBe(200);
      await patch(tool.client.id, { scope: scopes.join(' ') });
      expect(await use(tokens.access_token)).toBe(401);
      await patch(tool.client.id, { scope: [...scopes, 'gatehouse:admin'].join(' ') });
      const refreshed = await refresh(tool, tokens.refresh_token);
      expect([refreshed.status, refreshed.json()['error']]).toEqual([400, 'invalid_grant']);
    });

    it('a grant without it goes on', async () => {
      const { tool, tokens } = await toolWith('openid offline_access');
      await patch(tool.client.id, { scope: scopes.join(' ') });
      expect((await refresh(tool, tokens.refresh_token)).status).toBe(200);
    });
  });
});
