import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { ClientsService } from '../../src/clients/clients.service';
import { SETTINGS } from '../../src/config/settings.token';
import type { Settings } from '../../src/config/settings';
import { adminApi, shaped } from '../support/admin-api';
import type { Answer, Browser } from '../support/browser';
import { clientKey } from '../support/client-jwts';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { DeleteUser } from '../../src/users/operations/delete-user';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';

const jwks = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      kid: 'one',
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    },
  ],
};
const setOwner = statement('test.set_owner', 'UPDATE clients SET owner_id = $2 WHERE id = $1');
const updatesOf = statement(
  'test.client_updates',
  "SELECT details FROM audit_events WHERE type = 'client.updated' AND client_id = $1",
);
const otherJwks = { keys: [clientKey('ES256').publicJwk] };

/** A developer must not reach the administration of this server through a client that they own. */
describe('the owner of a client', () => {
  let provider: TestProvider;
  let admin: Browser;
  let developer: Browser;
  let ownerId: string;
  beforeAll(async () => {
    provider = await startProvider();
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
    const person = await provider.addUser({ username: 'dora', roles: ['developer'] });
    ownerId = person.id;
    developer = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  const at = (path: string): string => provider.issuer + path;
  const find = (id: string): Promise<Client | undefined> => provider.app.get(ClientsService).findFresh(id);
  const owned = (draft: Partial<ClientDraft>) => provider.addClient({ name: 'Owned', ownerId, ...draft });
  const serviceAccount: Partial<ClientDraft> = {
    grantTypes: ['client_credentials'],
    redirectUris: [],
    scope: ['gatehouse:admin'],
    serviceAccount: true,
  };

  /** A client with an owner and a gatehouse scope, as it may still be stored from before this was rejected. */
  async function ownedAdministration(draft: Partial<ClientDraft> = {}) {
    const made = await provider.addClient({ name: 'Owned', ...serviceAccount, ...draft });
    await provider.store.run((unit) => unit.change(setOwner, made.client.id, ownerId));
    return made;
  }

  async function edit(browser: Browser, id: string, changes: Record<string, string | string[]>): Promise<Answer> {
    await browser.open(at(`/client/update/${id}`));
    const fields = changed(fieldsOf(browser, '/client/update/'), { ...changes, action: 'save' });
    return sendFields(browser, fields, '/client/update/');
  }

  async function rotate(browser: Browser, id: string): Promise<Answer> {
    await browser.open(at('/client/add'));
    const [csrf] = fieldsOf(browser, '/client/add').filter(([name]) => name === 'csrf');
    return browser.send(at(`/client/secret/${id}`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams([csrf ?? ['', ''], ['overlap', '0']]).toString(),
    });
  }

  it('cannot add the grant type client_credentials; an administrator can', async () => {
    const { client } = await owned({ scope: ['openid', 'read'], serviceAccount: true });
    const grantType = ['authorization_code', 'refresh_token', 'client_credentials'];
    const refused = await edit(developer, client.id, { grantType });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Only an administrator may add the grant type client_credentials');
    expect((await find(client.id))?.grantTypes).not.toContain('client_credentials');
    expect((await edit(admin, client.id, { grantType })).status).toBe(303);
    expect((await find(client.id))?.grantTypes).toContain('client_credentials');
  });

  it('cannot add a new client that has it', async () => {
    await developer.open(at('/client/add'));
    const answer = await sendFields(
      developer,
      changed(fieldsOf(developer), {
        name: 'Machine',
        grantType: ['client_credentials'],
        redirectUri: [],
        scope: ['a'],
      }),
    );
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('Only an administrator may add the grant type client_credentials');
  });

  it('edits the rest of a client that has it already', async () => {
    const { client } = await owned({ grantTypes: ['client_credentials'], redirectUris: [], scope: ['read'] });
    expect((await edit(developer, client.id, { name: 'Renamed' })).status).toBe(303);
    expect(await find(client.id)).toMatchObject({ name: 'Renamed', grantTypes: ['client_credentials'] });
  });

  it('gets no new secret for a client with a gatehouse scope, and an administrator does', async () => {
    const { client } = await ownedAdministration();
    const page = await developer.open(at(`/client/update/${client.id}`));
    expect(page.text).not.toContain(`action="/client/secret/${client.id}"`);
    const refused = await rotate(developer, client.id);
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain('id="client-secret"');
    expect((await rotate(admin, client.id)).text).toContain('id="client-secret"');
  });

  it('rotates the secret of any other client', async () => {
    const { client } = await owned({ scope: ['openid'] });
    expect((await rotate(developer, client.id)).text).toContain('id="client-secret"');
  });

  it.each<[string, Record<string, string | string[]>]>([
    ['the keys', { jwks: JSON.stringify(otherJwks) }],
    ['the keys by an address', { jwks: '', jwksUri: 'https://dora.test/keys' }],
    ['the way of authentication', { authMethod: 'client_secret_basic' }],
    ['the grant types', { grantType: ['client_credentials', 'authorization_code'], redirectUri: 'https://a.test/' }],
  ])('cannot replace %s of a client with a gatehouse scope', async (_name, changes) => {
    const { client } = await ownedAdministration({ authMethod: 'private_key_jwt', jwks });
    const refused = await edit(developer, client.id, changes);
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/can administer this server/);
    expect(await find(client.id)).toMatchObject({ authMethod: 'private_key_jwt', jwks });
  });

  describe('with a gatehouse scope', () => {
    const refusal = 'A client with a gatehouse scope has no owner';

    it.each(['gatehouse:admin', 'gatehouse:read'])(
      'is not given to one with %s by an administrator, at the page',
      async (scope) => {
        const { client } = await provider.addClient({ ...serviceAccount, scope: ['read', scope] });
        const given = await edit(admin, client.id, { owner: 'dora' });
        expect(given.status).toBe(422);
        expect(given.text).toContain(refusal);
        expect(await find(client.id)).toEqual(client);
        await admin.open(at('/client/add'));
        const fields = {
          name: 'New',
          grantType: ['client_credentials'],
          redirectUri: [],
          scope: [scope],
          owner: 'dora',
        };
        const added = await sendFields(admin, changed(fieldsOf(admin, '/client/add'), fields), '/client/add');
        expect([added.status, added.text.includes(refusal)]).toEqual([422, true]);
      },
    );

    it('is rejected where the client has an owner, at the page and the API', async () => {
      const { client } = await owned({ scope: ['read'] });
      const atPage = await edit(admin, client.id, { scope: ['read', 'gatehouse:admin'] });
      expect([atPage.status, atPage.text.includes(refusal)]).toEqual([422, true]);
      const api = await adminApi(provider);
      const atApi = await api.call('PATCH', `clients/${client.id}`, { scope: 'read gatehouse:admin' });
      expect([atApi.status, shaped(atApi, 'Problem')]).toEqual([
        400,
        expect.objectContaining({
          errors: [{ pointer: '/scope/1', detail: expect.stringContaining(refusal) as string }],
        }),
      ]);
      const { client: unowned } = await provider.addClient(serviceAccount);
      const given = { owner_id: ownerId, service_account: true };
      expect((await api.call('PATCH', `clients/${unowned.id}`, given)).status).toBe(400);
      expect(await find(client.id)).toEqual(client);
      expect(
        (await api.call('PATCH', `clients/${client.id}`, { scope: 'read gatehouse:admin', owner_id: null })).status,
      ).toBe(200);
    });

    it('cannot drop the scope to get a secret with which an administrator’s token is got afterwards', async () => {
      const { client } = await ownedAdministration({ scope: ['gatehouse:admin', 'read'] });
      expect((await edit(developer, client.id, { scope: ['read'] })).status).toBe(303);
      const secret = /id="client-secret"[^>]*>([^<]+)</.exec((await rotate(developer, client.id)).text)?.[1] ?? '';
      expect(secret).not.toBe('');
      expect((await edit(admin, client.id, { scope: ['gatehouse:admin', 'read'] })).status).toBe(422);
      expect((await find(client.id))?.scope).toEqual(['read']);
    });

    it('gets no token with it where both are stored already, and doctor names the client', async () => {
      const { client, secret } = await ownedAdministration({ scope: ['gatehouse:admin', 'read'] });
      const ask = (scope: string): Promise<Answer> =>
        post(at('/oauth/token'), { grant_type: 'client_credentials', scope }, { Authorization: basic(client, secret) });
      expect([(await ask('gatehouse:admin')).status, (await ask('read')).status]).toEqual([400, 200]);
      const settings = provider.app.get<Settings>(SETTINGS);
      const finding = await runCheck('owned administration', {
        app: provider.app,
        settings,
        now: provider.clock.now(),
      });
      expect(finding.state).toBe('error');
      expect(finding.message).toContain(client.id);
    });

    it('ends a token that was issued before the client got its owner', async () => {
      const api = await adminApi(provider);
      expect((await api.call('GET', 'users')).status).toBe(200);
      await provider.store.run((unit) => unit.change(setOwner, api.registered.client.id, ownerId));
      await provider.execute(RotateClientSecret, { id: api.registered.client.id, overlapSeconds: 60 });
      expect((await api.call('GET', 'users')).status).toBe(403);
    });
  });

  describe('who does not own it any more', () => {
    const isGood = async (client: Client, secret: string): Promise<boolean> => {
      const spent = {
        grant_type: 'authorization_code',
        code: 'no-such-code',
        redirect_uri: 'https://client.test/callback',
      };
      return (await post(at('/oauth/token'), spent, { Authorization: basic(client, secret) })).status !== 401;
    };
    const shownSecret = ({ text }: Answer): string => /id="client-secret"[^>]*>([^<]+)</.exec(text)?.[1] ?? '';

    it('does not know its secret: it is replaced and shown once, at the page and the API', async () => {
      const one = await owned({ scope: ['openid', 'read'] });
      const atPage = await edit(admin, one.client.id, { owner: '' });
      expect([
        atPage.status,
        atPage.text.includes('The old secret has stopped working, and so have the tokens'),
      ]).toEqual([200, true]);
      expect(await isGood(one.client, one.secret)).toBe(false);
      expect(await isGood(one.client, shownSecret(atPage))).toBe(true);
      const other = await owned({ scope: ['openid', 'read'] });
      const api = await adminApi(provider);
      const atApi = await api.call('PATCH', `clients/${other.client.id}`, { owner_id: null });
      const { client_secret: fresh } = shaped(atApi, 'ClientWithSecret');
      expect(await isGood(other.client, other.secret)).toBe(false);
      expect(await isGood(other.client, String(fresh))).toBe(true);
    });

    it('nor that of a client which can administer this server from now on', async () => {
      const api = await adminApi(provider);
      const one = await provider.addClient({ scope: ['openid', 'read'] });
      const renamed = await api.call('PATCH', `clients/${one.client.id}`, { client_name: 'Renamed' });
      expect(shaped(renamed, 'ClientWithSecret')).not.toHaveProperty('client_secret');
      expect(await isGood(one.client, one.secret)).toBe(true);
      const atApi = await api.call('PATCH', `clients/${one.client.id}`, { scope: 'openid read gatehouse:read' });
      const { client_secret: fresh } = shaped(atApi, 'ClientWithSecret');
      expect([await isGood(one.client, one.secret), await isGood(one.client, String(fresh))]).toEqual([false, true]);
      const other = await provider.addClient({ scope: ['openid', 'read'] });
      const atPage = await edit(admin, other.client.id, { scope: ['openid', 'read', 'gatehouse:read'] });
      expect(await isGood(other.client, other.secret)).toBe(false);
      expect(await isGood(other.client, shownSecret(atPage))).toBe(true);
    });

    it('nor has its private key: it gets a gatehouse scope with other keys alone', async () => {
      const api = await adminApi(provider);
      const { client } = await owned({ scope: ['read'], authMethod: 'private_key_jwt', jwks });
      const change = { owner_id: null, scope: 'read gatehouse:read' };
      const refused = await api.call('PATCH', `clients/${client.id}`, change);
      expect([refused.status, shaped(refused, 'Problem')]).toEqual([
        400,
        expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/jwks' })] }),
      ]);
      expect((await api.call('PATCH', `clients/${client.id}`, { ...change, jwks: otherJwks })).status).toBe(200);
    });

    it('leaves no rights of an administrator behind when the account is deleted', async () => {
      const gone = await provider.addUser({ username: 'gone', roles: ['developer'] });
      const made = await provider.addClient({ name: 'Left', ...serviceAccount, scope: ['gatehouse:admin', 'read'] });
      await provider.store.run((unit) => unit.change(setOwner, made.client.id, gone.id));
      await provider.execute(DeleteUser, { id: gone.id });
      expect(await find(made.client.id)).toMatchObject({ ownerId: undefined, scope: ['read'], serviceAccount: false });
      const asked = { grant_type: 'client_credentials', scope: 'gatehouse:admin' };
      const answer = await post(at('/oauth/token'), asked, { Authorization: basic(made.client, made.secret) });
      expect(answer.status).toBe(401);
      const event = await provider.store.one<{ details: string }>(updatesOf, made.client.id);
      expect(JSON.parse(event?.details ?? '')).toMatchObject({
        changes: { service_account: { before: true, after: false }, scope: { before: 'gatehouse:admin read' } },
      });
    });
  });

  it('gets a client that acts for itself at the API only where the request says so', async () => {
    const api = await adminApi(provider);
    const { client } = await provider.addClient({ ...serviceAccount, scope: ['read'] });
    const path = `clients/${client.id}`;
    const silent = await api.call('PATCH', path, { owner_id: ownerId });
    expect([silent.status, shaped(silent, 'Problem')]).toEqual([
      400,
      expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/service_account' })] }),
    ]);
    expect(await find(client.id)).toEqual(client);
    expect((await api.call('PATCH', path, { owner_id: ownerId, service_account: true })).status).toBe(200);
    expect((await api.call('PATCH', path, { owner_id: null })).status).toBe(200);
    expect((await api.call('PATCH', path, { owner_id: ownerId, service_account: false })).status).toBe(200);
    expect(await find(client.id)).toMatchObject({ ownerId, serviceAccount: false });
  });

  it('is named by doctor where their client acts for itself', async () => {
    const { client } = await owned({ name: 'Listed', ...serviceAccount, scope: ['read'] });
    const { client: unowned } = await provider.addClient({ name: 'Unowned', ...serviceAccount });
    const settings = provider.app.get<Settings>(SETTINGS);
    const finding = await runCheck('service accounts', { app: provider.app, settings, now: provider.clock.now() });
    expect(finding.state).toBe('warning');
    expect(finding.message).toContain(client.id);
    expect(finding.message).not.toContain(unowned.id);
  });
});
