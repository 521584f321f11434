import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../src/clients/clients.service';
import { AccessTokensService } from '../../src/tokens/access-tokens.service';
import { DeleteUser } from '../../src/users/operations/delete-user';
import { adminApi, callerOf, shaped, type AdminApiClient } from '../support/admin-api';
import type { Answer } from '../support/browser';
import { assertionFields, clientKey, type ClientKey } from '../support/client-jwts';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, registered } from '../support/registration';

const setOwner = statement('test.set_owner', 'UPDATE clients SET owner_id = $2 WHERE id = $1');
const updatesOf = statement(
  'test.client_updates',
  "SELECT details FROM audit_events WHERE type = 'client.updated' AND client_id = $1",
);
const machine: Partial<ClientDraft> = {
  grantTypes: ['client_credentials'],
  redirectUris: [],
  scope: ['read'],
  serviceAccount: true,
};

/** A client's former owner keeps no valid credentials of it (libs/domain: client-handover.ts). */
describe('a client that changes hands', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } });
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  const find = (id: string): Promise<Client | undefined> => provider.app.get(ClientsService).findFresh(id);
  const developer = () => provider.addUser({ roles: ['developer'] });
  const patch = (client: Pick<Client, 'id'>, change: object): Promise<Answer> =>
    api.call('PATCH', `clients/${client.id}`, change);
  const pointers = (answer: Answer): unknown[] =>
    (shaped(answer, 'Problem')['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
  const bySecret = (client: Client, secret: string): Promise<Answer> =>
    post(
      `${provider.base}/oauth/token`,
      { grant_type: 'client_credentials', scope: 'read' },
      { Authorization: basic(client, secret) },
    );
  const byKey = async (client: Client, key: ClientKey, scope = 'read'): Promise<Answer> =>
    post(`${provider.base}/oauth/token`, {
      grant_type: 'client_credentials',
      scope,
      ...(await assertionFields(provider, client, key)),
    });

  async function withKey(draft: Partial<ClientDraft> = {}) {
    const [owner, key] = [await developer(), clientKey('ES256')];
    const { client } = await provider.addClient({
      ...machine,
      ownerId: owner.id,
      authMethod: 'private_key_jwt',
      jwks: { keys: [key.publicJwk] },
      ...draft,
    });
    return { owner, key, client };
  }

  it('leaves no key to the owner from whom it is taken, who would administer this server after a second step', async () => {
    const { client, key } = await withKey();
    const other = clientKey('ES256');
    const kept = await patch(client, { owner_id: null });
    expect([kept.status, pointers(kept)]).toEqual([400, ['/jwks']]);
    const both = await patch(client, { owner_id: null, jwks: { keys: [key.publicJwk, other.publicJwk] } });
    expect([both.status, pointers(both)]).toEqual([400, ['/jwks']]);
    expect((await patch(client, { owner_id: null, jwks: { keys: [other.publicJwk] } })).status).toBe(200);
    expect([(await byKey(client, key)).status, (await byKey(client, other)).status]).toEqual([401, 200]);
    // Its history is not kept: every client comes with new keys to the administration.
    const change = { scope: 'read gatehouse:admin' };
    expect((await patch(client, change)).status).toBe(400);
    const third = clientKey('ES256');
    expect((await patch(client, { ...change, jwks: { keys: [third.publicJwk] } })).status).toBe(200);
    const token = (await byKey(client, third, 'gatehouse:admin')).json<{ access_token: string }>().access_token;
    expect((await callerOf(provider, token).call('GET', 'users')).status).toBe(200);
    expect((await byKey(client, key, 'gatehouse:admin')).status).toBe(401);
  });

  it('is rejected at the page with the keys that the form shows', async () => {
    const { client } = await withKey();
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    await admin.open(`${provider.issuer}/client/update/${client.id}/advanced`);
    const fields = changed(fieldsOf(admin, '/client/update/'), { owner: '', action: 'save' });
    const answer = await sendFields(admin, fields, '/client/update/');
    expect([answer.status, answer.text.includes('has its private key: register other keys')]).toEqual([422, true]);
    expect(await find(client.id)).toEqual(client);
  });

  it('leaves none where the account of the owner is deleted', async () => {
    const { client, key, owner } = await withKey();
    await provider.execute(DeleteUser, { id: owner.id });
    const released = await find(client.id);
    expect([released?.ownerId, released?.jwks, released?.serviceAccount]).toEqual([undefined, undefined, false]);
    const answer = await patch(client, { scope: 'read gatehouse:admin', service_account: true });
    expect([answer.status, pointers(answer)]).toEqual([400, ['/jwks']]);
    expect((await byKey(client, key)).status).toBe(401);
  });

  it('leaves none where its gatehouse scope, stored by an older version, becomes good', async () => {
    const { client, key, owner } = await withKey({ ownerId: undefined, scope: ['read', 'gatehouse:admin'] });
    await provider.store.run((unit) => unit.change(setOwner, client.id, owner.id));
    const answer = await patch(client, { owner_id: null });
    expect([answer.status, pointers(answer)]).toEqual([400, ['/jwks']]);
    const other = clientKey('ES256');
    expect((await patch(client, { owner_id: null, jwks: { keys: [other.publicJwk] } })).status).toBe(200);
    expect((await byKey(client, key, 'gatehouse:admin')).status).toBe(401);
    expect((await byKey(client, other, 'gatehouse:admin')).status).toBe(200);
  });

  it('leaves none beside a secret, by which it would authenticate after a later step', async () => {
    const { client, key } = await withKey({ authMethod: 'client_secret_basic', source: 'developer' });
    expect((await patch(client, { owner_id: null, scope: 'read gatehouse:admin' })).status).toBe(200);
    expect((await find(client.id))?.jwks).toBeUndefined();
    expect((await patch(client, { token_endpoint_auth_method: 'private_key_jwt' })).status).toBe(400);
    expect((await byKey(client, key, 'gatehouse:admin')).status).toBe(401);
  });

  it('administers by keys only if they come together with the change to them', async () => {
    const key = clientKey('ES256');
    const { client } = await provider.addClient({
      ...machine,
      scope: ['gatehouse:read'],
      jwks: { keys: [key.publicJwk] },
    });
    const change = { token_endpoint_auth_method: 'private_key_jwt' };
    const refused = await patch(client, change);
    expect([refused.status, pointers(refused)]).toEqual([400, ['/jwks']]);
    const other = clientKey('ES256');
    expect((await patch(client, { ...change, jwks: { keys: [other.publicJwk] } })).status).toBe(200);
    expect((await byKey(client, other, 'gatehouse:read')).status).toBe(200);
  });

  it('has other keys at the next developer', async () => {
    const { client, key } = await withKey();
    const change = { owner_id: (await developer()).id, service_account: true };
    expect((await patch(client, change)).status).toBe(400);
    const other = clientKey('ES256');
    expect((await patch(client, { ...change, jwks: { keys: [other.publicJwk] } })).status).toBe(200);
    expect([(await byKey(client, key)).status, (await byKey(client, other)).status]).toEqual([401, 200]);
  });

  it('has an unknown secret and no rights after the account of its owner is deleted', async () => {
    const owner = await developer();
    const { client, secret } = await provider.addClient({ ...machine, ownerId: owner.id, consentRequired: false });
    expect((await bySecret(client, secret)).status).toBe(200);
    await provider.execute(DeleteUser, { id: owner.id });
    expect((await bySecret(client, secret)).status).toBe(401);
    expect(await find(client.id)).toMatchObject({ consentRequired: true, serviceAccount: false });
    const event = await provider.store.one<{ details: string }>(updatesOf, client.id);
    expect(JSON.parse(event?.details ?? '')).toMatchObject({
      changes: { client_secret: 'changed', owner_id: { before: owner.id, after: null } },
    });
    const rotated = await api.call('POST', `clients/${client.id}/rotate-secret`, { overlap_seconds: 0 });
    expect(shaped(rotated, 'ClientSecret')).toHaveProperty('client_secret');
  });

  it.each(['taken', 'deleted'])('ends the tokens that it got for itself when it is %s', async (how) => {
    const owner = await developer();
    const { client, secret } = await provider.addClient({ ...machine, ownerId: owner.id });
    const { access_token: token } = (await bySecret(client, secret)).json<{ access_token: string }>();
    const isActive = async (): Promise<boolean> =>
      (await provider.app.get(AccessTokensService).findActive(token, provider.clock.now())) !== undefined;
    expect(await isActive()).toBe(true);
    if (how === 'taken') expect((await patch(client, { owner_id: null })).status).toBe(200);
    else await provider.execute(DeleteUser, { id: owner.id });
    expect(await isActive()).toBe(false);
  });

  it('belongs to its owner, and not to who registered it', async () => {
    const made = await registered(provider);
    const client = { id: made.client_id };
    expect((await api.call('POST', `clients/${client.id}/approve`)).status).toBe(200);
    const given = await patch(client, { owner_id: (await developer()).id });
    const { client_secret: fresh } = shaped(given, 'ClientWithSecret');
    const isGood = (secret: unknown): Promise<boolean> =>
      provider.app.get(ClientsService).verifySecret(client.id, String(secret), provider.clock.now());
    expect([await isGood(made.client_secret), await isGood(fresh)]).toEqual([false, true]);
    const metadata = { ...metadataOf(made), redirect_uris: ['https://evil.test/cb'] };
    const asked = [await configuration(made, 'GET'), await configuration(made, 'PUT', { metadata })];
    asked.push(await configuration(made, 'DELETE'));
    expect(asked.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect((await find(client.id))?.redirectUris).toEqual(['https://client.test/cb']);
    const event = await provider.store.one<{ details: string }>(updatesOf, client.id);
    expect(JSON.parse(event?.details ?? '')).toMatchObject({
      changes: { client_secret: 'changed', registration_access_token: 'changed' },
    });
    expect((await patch(client, { owner_id: null })).status).toBe(200);
    expect((await configuration(made, 'GET')).status).toBe(401);
  });

  it('nor where an older version gave it to the owner and left the registration access token', async () => {
    const made = await registered(provider);
    const { id } = await developer();
    await provider.store.run((unit) => unit.change(setOwner, made.client_id, id));
    expect((await configuration(made, 'DELETE')).status).toBe(401);
    expect(await find(made.client_id)).toMatchObject({ ownerId: id });
  });
});
