import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { adminApi, administrating, callerOf, ownToken } from '../support/admin-api';
import type { Browser } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

/** Members that make the client's secret the key of a message (OpenID Connect Core 10.1, 10.2), as JSON and as form fields. */
const keyed = [
  ['id_token_signed_response_alg', 'idTokenSignedResponseAlg', 'HS256'],
  ['userinfo_encrypted_response_alg', 'userinfoEncryptedResponseAlg', 'dir'],
  ['authorization_signed_response_alg', 'authorizationSignedResponseAlg', 'HS512'],
  ['introspection_encrypted_response_alg', 'introspectionEncryptedResponseAlg', 'A128KW'],
  ['request_object_signing_alg', 'requestObjectSigningAlg', 'HS256'],
] as const;

/** A new secret is a credential, whichever operation makes it. */
describe('a sign-in of more than ten minutes gets no new client secret by an update', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
  });
  afterAll(() => provider.close());

  const find = (id: string): Promise<Client | undefined> => provider.app.get(ClientsService).findFresh(id);
  const service = (more: Partial<ClientDraft> = {}) =>
    provider.addClient({ name: 'Terraform', ...administrating, scope: ['gatehouse:admin'], ...more });

  async function edit(browser: Browser, id: string, changes: Record<string, string>) {
    await browser.open(`${provider.issuer}/client/update/${id}`);
    const fields = changed(fieldsOf(browser, '/client/update/'), { ...changes, action: 'save' });
    return sendFields(browser, fields, '/client/update/');
  }

  it.each(keyed)('of an administrator at the page, with %s', async (_wire, field, value) => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const registered = await service();
    const { client } = registered;
    provider.clock.advance(601);
    const answer = await edit(browser, client.id, { [field]: value });
    expect([answer.status, answer.location]).toEqual([303, expect.stringMatching(/\/login\?next=/)]);
    expect(await find(client.id)).toEqual(client);
    const token = await ownToken(provider, registered, 'gatehouse:admin');
    expect((await callerOf(provider, token).call('GET', 'users')).status).toBe(200);
  });

  it('of a developer at the page, for a client of their own', async () => {
    const developer = await provider.addUser({ roles: ['developer'] });
    const browser = await provider.logIn(developer);
    const { client } = await provider.addClient({ name: 'Own', ownerId: developer.id, source: 'developer' });
    provider.clock.advance(601);
    expect((await edit(browser, client.id, { idTokenSignedResponseAlg: 'HS256' })).location).toContain('/login?next=');
    expect(await find(client.id)).toEqual(client);
  });

  it('of an administrator at the API, who is challenged as for rotating it (RFC 9470 3)', async () => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const tool = await provider.addClient({ name: 'Tool', scope: ['openid', 'gatehouse:admin'] });
    const { client } = await service();
    const tokens = await obtainTokens(provider, browser, tool, { scope: 'openid gatehouse:admin' });
    const { call } = callerOf(provider, tokens.access_token);
    provider.clock.advance(601);
    for (const [wire, , value] of keyed) {
      const answer = await call('PATCH', `clients/${client.id}`, { [wire]: value });
      expect([wire, answer.status, answer.headers['www-authenticate']]).toEqual([
        wire,
        401,
        expect.stringContaining('insufficient_user_authentication'),
      ]);
    }
    expect((await call('POST', `clients/${client.id}/rotate-secret`, {})).status).toBe(401);
    expect(await find(client.id)).toEqual(client);
  });

  it('and a service account, which signs in by no password, gets one', async () => {
    const { client } = await service();
    const api = await adminApi(provider);
    const answer = await api.call('PATCH', `clients/${client.id}`, { id_token_signed_response_alg: 'HS256' });
    expect([answer.status, answer.json()['client_secret']]).toEqual([200, expect.any(String)]);
  });

  it('and after a recent sign-in the page shows it', async () => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const { client } = await service();
    expect((await edit(browser, client.id, { idTokenSignedResponseAlg: 'HS256' })).text).toContain(
      'id="client-secret"',
    );
  });
});
