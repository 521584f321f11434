import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { InitialAccessTokens } from '../../src/clients/registration/initial-access-tokens.service';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { loadSettings } from '../../src/config/settings';
import { adminApi, shaped } from '../support/admin-api';
import type { Browser } from '../support/browser';
import { clientKey } from '../support/client-jwts';
import { fapiDraft } from '../support/fapi';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, register, type RegisteredClient } from '../support/registration';

const key = clientKey('ES256');
/** What meets FAPI 2.0, under the protocol's names. */
const metadata = {
  client_name: 'Bank',
  redirect_uris: ['https://bank.test/cb'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [key.publicJwk] },
  id_token_signed_response_alg: 'ES256',
};

let provider: TestProvider;
beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } })));
afterAll(() => provider.close());

const stored = async (id: string): Promise<Client> => {
  const client = await provider.app.get(ClientsService).findFresh(id);
  if (!client) throw new Error('there is no such client');
  return client;
};

describe('the security profile of a client at registration (RFC 7591)', () => {
  const token = (approves: boolean): Promise<string> =>
    provider.store.run(async (unit) => {
      const tokens = provider.app.get(InitialAccessTokens);
      return (await tokens.add(unit, { name: 'Team', approves }, provider.clock.now())).token;
    });
  const asked = { ...metadata, security_profile: 'fapi-2-security' };
  const withToken = async (approves: boolean) => ({
    headers: { Authorization: `Bearer ${await token(approves)}` },
  });

  it('is set with a token by which an administrator approves, and by no other', async () => {
    for (const answer of [await register(provider, asked), await register(provider, asked, await withToken(false))]) {
      expect([answer.status, answer.json<{ error: string }>().error]).toEqual([400, 'invalid_client_metadata']);
      expect(answer.json<{ error_description: string }>().error_description).toContain('security_profile');
    }
    const answer = await register(provider, asked, await withToken(true));
    expect([answer.status, answer.json()]).toMatchObject([201, { security_profile: 'fapi-2-security' }]);
  });

  it('says what of the client the profile does not allow', async () => {
    const secret = { ...asked, token_endpoint_auth_method: 'client_secret_basic' };
    const answer = await register(provider, secret, await withToken(true));
    expect([answer.status, answer.json<{ error: string }>().error]).toEqual([400, 'invalid_client_metadata']);
    expect(answer.json<{ error_description: string }>().error_description).toContain('token_endpoint_auth_method');
  });

  it('is kept by an update, which can neither lift nor change it (RFC 7592 2.2)', async () => {
    let made = (await register(provider, asked, await withToken(true))).json<RegisteredClient>();
    const { security_profile: _profile, ...others } = metadataOf(made);
    for (const profile of ['none', 'fapi-2-message-signing']) {
      const answer = await configuration(made, 'PUT', { metadata: { ...others, security_profile: profile } });
      expect([answer.status, answer.json<{ error: string }>().error]).toEqual([400, 'invalid_client_metadata']);
    }
    for (const update of [others, { ...others, security_profile: 'fapi-2-security' }]) {
      const answer = await configuration(made, 'PUT', { metadata: { ...update, client_name: 'Bank, renamed' } });
      expect([answer.status, answer.json()]).toMatchObject([200, { security_profile: 'fapi-2-security' }]);
      made = answer.json<RegisteredClient>();
    }
    expect((await stored(made.client_id)).securityProfile).toBe('fapi-2-security');
  });
});

describe('the security profile of a client on its page', () => {
  let admin: Browser;
  let developer: Browser;
  let client: Client;
  beforeAll(async () => {
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
    const owner = await provider.addUser({ username: 'dora', roles: ['developer'] });
    developer = await provider.logIn(owner);
    client = (await provider.addClient(fapiDraft(key, { ownerId: owner.id, consentRequired: true }))).client;
  });
  const page = (browser: Browser) => browser.open(`${provider.issuer}/client/update/${client.id}/advanced`);
  const save = async (browser: Browser, changes: Record<string, string>) => {
    await page(browser);
    const action = `/client/update/${client.id}`;
    return sendFields(browser, changed(fieldsOf(browser, action), changes), action);
  };

  it('is chosen by an administrator', async () => {
    expect((await page(admin)).text).toContain('<option value="fapi-2-message-signing">');
    expect((await save(admin, { securityProfile: 'fapi-2-security' })).status).toBe(303);
    expect(await stored(client.id)).toMatchObject({ securityProfile: 'fapi-2-security' });
    expect((await page(admin)).text).toContain('<option value="fapi-2-security" selected>');
  });

  it('is neither shown to its developer nor lifted by them, with or without the field', async () => {
    expect((await page(developer)).text).not.toContain('securityProfile');
    for (const changes of [{ name: 'Bank' }, { name: 'The bank', securityProfile: 'none' }]) {
      expect((await save(developer, changes)).status).toBe(303);
      expect(await stored(client.id)).toMatchObject({ name: changes.name, securityProfile: 'fapi-2-security' });
    }
  });

  it('says beside each field what the profile does not allow', async () => {
    const answer = await save(admin, { idTokenSignedResponseAlg: 'RS256', securityProfile: 'fapi-2-security' });
    expect([answer.status, answer.text]).toEqual([
      422,
      expect.stringContaining('allows only the signature algorithms PS256, ES256, EdDSA, Ed25519'),
    ]);
    expect(await stored(client.id)).toMatchObject({ idTokenSignedResponseAlg: 'ES256' });
  });
});

it('the security profile of a client is set and read by the API', async () => {
  const { call } = await adminApi(provider);
  const made = await call('POST', 'clients', { ...metadata, security_profile: 'fapi-2-message-signing' });
  expect([made.status, shaped(made, 'ClientWithSecret')]).toMatchObject([
    201,
    { security_profile: 'fapi-2-message-signing', require_signed_request_object: false },
  ]);
  const path = `clients/${made.json<{ client_id: string }>().client_id}`;
  const lifted = await call('PATCH', path, {
    security_profile: 'none',
    token_endpoint_auth_method: 'client_secret_basic',
  });
  expect([lifted.status, lifted.json()]).toMatchObject([200, { security_profile: 'none' }]);
  const refused = await call('PATCH', path, { security_profile: 'fapi-2-security' });
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('token_endpoint_auth_method')]);
});

it('doctor names the clients that do not meet GATEHOUSE_SECURITY_PROFILE', async () => {
  const draft: Partial<ClientDraft> = { name: 'Old' };
  const { client } = await provider.addClient(draft);
  const checkBy = (profile: string) =>
    runCheck('security profile', {
      app: provider.app,
      settings: loadSettings({ GATEHOUSE_SECURITY_PROFILE: profile, GATEHOUSE_PORT: '5000' }),
      now: provider.clock.now(),
    });
  expect(await checkBy('none')).toMatchObject({ state: 'ok' });
  expect(await checkBy('fapi-2-security')).toMatchObject({
    state: 'error',
    message: expect.stringContaining(client.id) as unknown,
  });
});
