import { decodeJwt } from 'jose';
import { deviceCodeGrant, type Client } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { send, type Browser } from '../support/browser';
import { startLogoutReceiver } from '../support/logout-receiver';
import { authorize, post, startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, register, registered, type RegisteredClient } from '../support/registration';

const redirectUri = 'https://bank.example/callback';

/**
 * An attacker registers a client that names another site, whose pairwise subjects are not for it (OpenID Connect Core
 * 8.1).
 */
describe('the pairwise subject of another site', () => {
  let provider: TestProvider;
  let browser: Browser;
  let bank: Client;
  let subjectAtBank: unknown;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' },
    });
    browser = await provider.logIn(await provider.addUser());
    bank = await registerClient({}).then(stored);
    subjectAtBank = (await logIn(bank)).sub;
  });
  afterAll(() => provider.close());

  /** A public client of the bank's address, with whatever else is asked for. */
  const registerClient = (metadata: object): Promise<RegisteredClient> =>
    registered(provider, {
      client_name: 'Bank',
      redirect_uris: [redirectUri],
      subject_type: 'pairwise',
      token_endpoint_auth_method: 'none',
      scope: 'openid',
      ...metadata,
    });
  const stored = async ({ client_id }: RegisteredClient): Promise<Client> => {
    const client = await provider.app.get(ClientsService).findFresh(client_id);
    if (!client) throw new Error('not there');
    return client;
  };
  const redeem = async (client: Client, fields: Record<string, string>): Promise<{ sub: unknown; token: string }> => {
    const answer = await post(`${provider.base}/oauth/token`, { client_id: client.id, ...fields });
    const { id_token = '', access_token = '' } = answer.json<{ id_token?: string; access_token?: string }>();
    return { sub: decodeJwt(id_token).sub, token: access_token };
  };
  const logIn = async (client: Client, as = browser): Promise<{ sub: unknown; token: string }> => {
    const { code, verifier } = await authorize(provider, as, client);
    const [redirect] = client.redirectUris;
    return redeem(client, {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirect ?? '',
    });
  };
  const logInByDevice = async (client: Client): Promise<{ sub: unknown; token: string }> => {
    const begun = await post(`${provider.base}/oauth/device`, { client_id: client.id, scope: 'openid' });
    const codes = begun.json<{ device_code: string; user_code: string }>();
    await browser.open(`${provider.base}/device`);
    await browser.submit({ user_code: codes.user_code });
    await browser.submit({ confirm: 'yes' });
    return redeem(client, { grant_type: deviceCodeGrant, device_code: codes.device_code });
  };
  const userinfo = (token: string) =>
    send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } });

  const withDevice = { grant_types: ['authorization_code', deviceCodeGrant] };

  it('is that of a client of the same address that gets everything there', async () => {
    expect((await logIn(await stored(await registerClient({})))).sub).toBe(subjectAtBank);
  });

  it('is not given by the device grant, which goes past the redirect URI', async () => {
    const client = await stored(await registerClient(withDevice));
    const { sub, token } = await logInByDevice(client);
    expect(sub).toMatch(/^[\w-]{43}$/);
    expect(sub).not.toBe(subjectAtBank);
    expect((await userinfo(token)).json()['sub']).toBe(sub);
  });

  it('stays that of the site for a client that an administrator made with the device grant', async () => {
    const { client } = await provider.addClient({
      type: 'public',
      authMethod: 'none',
      subjectType: 'pairwise',
      redirectUris: [redirectUri],
      grantTypes: ['authorization_code', deviceCodeGrant],
    });
    expect((await logInByDevice(client)).sub).toBe(subjectAtBank);
  });

  it('is not reached with a token from before an update that leaves the device grant out', async () => {
    const mine = await registerClient(withDevice);
    const { token } = await logInByDevice(await stored(mine));
    const metadata = { ...metadataOf(mine), grant_types: ['authorization_code'] };
    expect((await configuration(mine, 'PUT', { metadata })).status).toBe(200);
    expect((await userinfo(token)).status).toBe(401);
  });

  it('is not reached with a token from before an update that takes its redirect URI', async () => {
    const mine = await registerClient({ redirect_uris: ['https://stranger.example/callback'] });
    const { token } = await logIn(await stored(mine));
    expect((await userinfo(token)).status).toBe(200);
    const metadata = { ...metadataOf(mine), redirect_uris: [redirectUri] };
    expect((await configuration(mine, 'PUT', { metadata })).status).toBe(200);
    expect((await userinfo(token)).status).toBe(401);
  });

  it('is not disclosed to another host by a logout token, which no redirect URI receives', async () => {
    const receiver = await startLogoutReceiver();
    try {
      const { client } = await provider.addClient({
        source: 'registration',
        subjectType: 'pairwise',
        redirectUris: [redirectUri],
        backchannelLogoutUri: `${receiver.origin}/logout`,
      });
      const person = await provider.logIn(await provider.addUser());
      // The codes go to the bank. Only the bank can redeem them, and nobody can if an attacker started the request.
      await authorize(provider, person, client);
      const subject = (await logIn(bank, person)).sub;
      await person.open(`${provider.issuer}/logout`);
      await person.submit({ logout: 'yes' });
      const [received] = await receiver.arrived(1);
      expect(received?.claims['sub']).toMatch(/^[\w-]{43}$/);
      expect(received?.claims['sub']).not.toBe(subject);
    } finally {
      await receiver.close();
    }
  });

  it('is not vouched for by a sector document where there is no redirect URI to list', async () => {
    const answer = await register(provider, {
      client_name: 'Television',
      token_endpoint_auth_method: 'none',
      grant_types: [deviceCodeGrant],
      subject_type: 'pairwise',
      sector_identifier_uri: 'https://bank.example/sector.json',
    });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(answer.json()['error_description']).toMatch(/^sector_identifier_uri: .*redirect URI/);
  });
});
