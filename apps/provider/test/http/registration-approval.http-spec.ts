import { statement } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../src/clients/clients.service';
import { InitialAccessTokens } from '../../src/clients/registration/initial-access-tokens.service';
import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, register, registered, type RegisteredClient } from '../support/registration';

const metadata = {
  redirect_uris: ['https://client.test/cb'],
  client_name: 'Pictured',
  logo_uri: 'https://client.test/logo.png',
};

describe('an initial access token (RFC 7591 1.2) says whether what registers with it is approved', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_THROTTLE: 'off',
        GATEHOUSE_INITIAL_ACCESS_TOKEN: 'the-token-of-the-settings-long-enough',
        GATEHOUSE_REGISTRATION_QUOTA: '4',
      },
    });
  });
  afterAll(() => provider.close());

  const makeToken = (token: { readonly approves?: boolean; readonly maxUses?: number }) =>
    provider.store.run((unit) =>
      provider.app.get(InitialAccessTokens).add(unit, { name: 'Team', ...token }, provider.clock.now()),
    );
  const registerWith = async (token: string, more: object = {}): Promise<RegisteredClient> => {
    const answer = await register(
      provider,
      { ...metadata, ...more },
      { headers: { Authorization: `Bearer ${token}` } },
    );
    expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
    return answer.json<RegisteredClient>();
  };
  const clientOf = async (made: RegisteredClient) => {
    const client = await provider.app.get(ClientsService).find(made.client_id);
    if (!client) throw new Error('not there');
    return client;
  };
  const signInPage = async (made: RegisteredClient): Promise<string> => {
    const { parameters } = authorizationRequest(await clientOf(made), { scope: 'openid' });
    return (await new Browser().open(authorizeUrl(provider, parameters))).text;
  };
  const eventsOf = async (clientId: string): Promise<string[]> =>
    (
      await provider.store.all<{ type: string }>(
        statement('test.events_of_client', 'SELECT type FROM audit_events WHERE client_id = $1 ORDER BY selector'),
        clientId,
      )
    ).map(({ type }) => type);

  it('approves by a token that says so: the logo is shown, and the log says how it came about', async () => {
    const { id, token } = await makeToken({ approves: true });
    const made = await registerWith(token);
    expect(await clientOf(made)).toMatchObject({
      source: 'registration',
      approvedAt: provider.clock.now(),
      consentRequired: true,
    });
    const page = await signInPage(made);
    expect(page).toContain(`src="/client-logo/${made.client_id}"`);
    expect(await eventsOf(made.client_id)).toEqual(['client.registered', 'client.approved']);
    const approval = await provider.store.one<{ subject_id: string; actor_id: string | null; address: string }>(
      statement(
        'test.approval',
        `SELECT subject_id, actor_id, address FROM audit_events WHERE client_id = $1 AND type = 'client.approved'`,
      ),
      made.client_id,
    );
    expect(approval).toEqual({ subject_id: id, actor_id: null, address: '127.0.0.1' });
  });

  it.each(['a token that does not say so', 'the token of the settings'])('approves nothing by %s', async (which) => {
    const token = which.includes('settings') ? 'the-token-of-the-settings-long-enough' : (await makeToken({})).token;
    const made = await registerWith(token);
    expect((await clientOf(made)).approvedAt).toBeUndefined();
    expect(await signInPage(made)).not.toContain('/client-logo/');
    expect(await eventsOf(made.client_id)).toEqual(['client.registered']);
  });

  it('takes the approval away when the client changes what people see of it (RFC 7592 2.2)', async () => {
    const made = await registerWith((await makeToken({ approves: true })).token);
    const same = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), contacts: ['a@client.test'] } });
    const again = same.json<RegisteredClient>();
    expect((await clientOf(made)).approvedAt).toBeDefined();
    await configuration(again, 'PUT', { metadata: { ...metadataOf(again), client_name: 'Your bank' } });
    expect((await clientOf(made)).approvedAt).toBeUndefined();
    expect(await signInPage(made)).not.toContain('/client-logo/');
  });

  it('gives no more than an approval: no scope of administrators', async () => {
    const { token } = await makeToken({ approves: true });
    const answer = await register(
      provider,
      { ...metadata, scope: 'openid gatehouse:admin' },
      { headers: { Authorization: `Bearer ${token}` } },
    );
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
  });

  it('counts approved clients against no quota of unapproved ones', async () => {
    const [usual, approving] = [await makeToken({}), await makeToken({ approves: true })];
    let last = 201;
    for (let n = 0; n < 6 && last === 201; n++)
      last = (await register(provider, metadata, { headers: { Authorization: `Bearer ${usual.token}` } })).status;
    expect(last).toBe(429);
    await registerWith(approving.token);
  });

  it('approves as often as the token may be used', async () => {
    const { token } = await makeToken({ approves: true, maxUses: 1 });
    await registerWith(token);
    const again = await register(provider, metadata, { headers: { Authorization: `Bearer ${token}` } });
    expect(again.status).toBe(401);
  });
});

describe('the registrant of a client, if PKCE is only required of public clients', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_PKCE: 'public' } });
  });
  afterAll(() => provider.close());

  it('does not lift what an administrator requires by being public for a while', async () => {
    const api = await adminApi(provider);
    const made = await registered(provider);
    const find = () => provider.app.get(ClientsService).findFresh(made.client_id);
    expect((await find())?.pkceRequired).toBe(false);
    const path = `clients/${made.client_id}`;
    expect((await api.call('PATCH', path, { require_pkce: true })).status).toBe(200);
    expect((await api.call('POST', `${path}/approve`)).status).toBe(200);
    let last = made;
    for (const authMethod of ['none', 'client_secret_basic']) {
      const metadata = { ...metadataOf(made), token_endpoint_auth_method: authMethod };
      const answer = await configuration(last, 'PUT', { metadata });
      expect(answer.status).toBe(200);
      last = answer.json<RegisteredClient>();
    }
    expect(await find()).toMatchObject({ type: 'confidential', pkceRequired: true });
  });
});
