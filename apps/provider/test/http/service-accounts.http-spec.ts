import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { look } from '../../src/checks/looks';
import { ClientsService } from '../../src/clients/clients.service';
import { SETTINGS } from '../../src/config/settings.token';
import type { Settings } from '../../src/config/settings';
import type { Answer, Browser } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { basic, post, startProvider, type TestProvider } from '../support/provider';

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
const otherJwks = { keys: [{ ...jwks.keys[0], kid: 'two' }] };

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
    actsForItself: true,
  };

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
    const { client } = await owned({ scope: ['openid', 'gatehouse:admin'], actsForItself: true });
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
    const { client, secret } = await owned(serviceAccount);
    const page = await developer.open(at(`/client/update/${client.id}`));
    expect(page.text).not.toContain(`action="/client/secret/${client.id}"`);
    const refused = await rotate(developer, client.id);
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain('id="client-secret"');
    const token = { grant_type: 'client_credentials', scope: 'gatehouse:admin' };
    const answer = await post(at('/oauth/token'), token, { Authorization: basic(client, secret) });
    expect(answer.status).toBe(200);
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
    const { client } = await owned({ ...serviceAccount, authMethod: 'private_key_jwt', jwks });
    const refused = await edit(developer, client.id, changes);
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/may administer this server/);
    expect(await find(client.id)).toMatchObject({ authMethod: 'private_key_jwt', jwks });
  });

  it('is named by doctor where their client acts for itself', async () => {
    const { client } = await owned({ name: 'Listed', ...serviceAccount, scope: ['read'] });
    const { client: unowned } = await provider.addClient({ name: 'Unowned', ...serviceAccount });
    const settings = provider.app.get<Settings>(SETTINGS);
    const finding = await look('service accounts', { app: provider.app, settings, now: provider.clock.now() });
    expect(finding.state).toBe('care');
    expect(finding.says).toContain(client.id);
    expect(finding.says).not.toContain(unowned.id);
  });
});
