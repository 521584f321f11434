import { ClientsService } from '../../src/clients/clients.service';
import { Browser, type Answer } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

describe('what only an administrator allows a client, on its page', () => {
  let provider: TestProvider;
  let admin: Browser;
  let developer: Browser;
  let developerId: string;

  beforeAll(async () => {
    provider = await startProvider();
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
    const person = await provider.addUser({ username: 'dora', roles: ['developer'] });
    developerId = person.id;
    developer = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const clients = (): ClientsService => provider.app.get(ClientsService);
  const idOf = (text: string): string => /id="client-id">([^<]+)</.exec(text)?.[1] ?? '';

  async function add(browser: Browser, changes: Record<string, string | string[]>): Promise<string> {
    await browser.open(at('/client/add'));
    const answer = await sendFields(browser, changed(fieldsOf(browser), changes));
    expect(answer.status).toBe(200);
    return idOf(answer.text);
  }

  it('lets only an administrator leave out consent and allow the scope roles', async () => {
    await developer.open(at('/client/add'));
    const wanted = changed(fieldsOf(developer), {
      name: 'Eager',
      redirectUri: 'https://eager.test/',
      scope: ['openid', '', 'roles', 'gatehouse:admin'],
    });
    const refused = await sendFields(developer, wanted);
    expect(refused.status).toBe(422);
    expect(refused.text.match(/<li>Only an administrator/g)).toHaveLength(2);
    const { client } = await provider.addClient({ ownerId: developerId });
    await developer.open(at(`/client/update/${client.id}/scopes`));
    const loosened = await sendFields(
      developer,
      changed(fieldsOf(developer, `/client/update/${client.id}`), {
        scope: ['openid', '', 'roles', 'gatehouse:admin'],
        consentRequired: [],
      }),
      `/client/update/${client.id}`,
    );
    expect(loosened.status).toBe(422);
    expect(loosened.text).toMatch(/id="f-scope-2-problem">.*?<span>Only an administrator/);
    expect(loosened.text).toMatch(/id="f-scope-3-problem">.*?<span>Only an administrator/);
    expect(loosened.text).toMatch(/id="f-consentRequired-problem">.*?<span>Only an administrator/);

    const id = await add(admin, {
      name: 'Trusted',
      redirectUri: 'https://trusted.test/',
      scope: ['openid', 'roles'],
      owner: 'dora',
    });
    await admin.open(at(`/client/update/${id}/scopes`));
    const trusted = changed(fieldsOf(admin, `/client/update/${id}`), { consentRequired: [] });
    expect((await sendFields(admin, trusted, `/client/update/${id}`)).status).toBe(303);
    expect(await clients().find(id)).toMatchObject({
      consentRequired: false,
      scope: ['openid', 'roles'],
      ownerId: developerId,
    });
    // What the administrator gave stays when its owner edits the rest; but it is not theirs to hand on.
    await developer.open(at(`/client/update/${id}`));
    const widened = await sendFields(
      developer,
      changed(fieldsOf(developer, `/client/update/${id}`), { scope: ['openid', 'roles', 'profile'] }),
      `/client/update/${id}`,
    );
    expect(widened.status).toBe(422);
    expect(widened.text).toContain('This client does not ask for consent');
    await developer.open(at(`/client/update/${id}`));
    const saved = await sendFields(
      developer,
      changed(fieldsOf(developer, `/client/update/${id}`), {
        postLogoutRedirectUri: 'https://trusted.test/bye',
        owner: 'root',
      }),
      `/client/update/${id}`,
    );
    expect(saved.status).toBe(303);
    expect(await clients().findFresh(id)).toMatchObject({
      scope: ['openid', 'roles'],
      postLogoutRedirectUris: ['https://trusted.test/bye'],
      ownerId: developerId,
      consentRequired: false,
    });

    // Rights were granted to this name and these addresses: changing them would send every code elsewhere.
    await developer.open(at(`/client/update/${id}`));
    const elsewhere = await sendFields(
      developer,
      changed(fieldsOf(developer, `/client/update/${id}`), { name: 'Trusty', redirectUri: 'https://evil.test/' }),
      `/client/update/${id}`,
    );
    expect(elsewhere.status).toBe(422);
    expect(elsewhere.text).toMatch(/id="f-name-problem">.*?<span>An administrator gave/);
    expect(elsewhere.text).toMatch(/id="f-redirectUris-0-problem">.*?<span>An administrator gave/);
    expect((await clients().findFresh(id))?.redirectUris).toEqual(['https://trusted.test/']);
  });

  it('lets a client act for itself by an administrator’s word alone, and its owner not widen that', async () => {
    const id = await add(admin, {
      name: 'Machine',
      grantType: ['client_credentials'],
      redirectUri: [],
      scope: ['read'],
      owner: 'dora',
    });
    await developer.open(at(`/client/update/${id}`));
    const tried = await sendFields(
      developer,
      changed(fieldsOf(developer, '/client/update/'), { serviceAccount: 'yes', action: 'save' }),
      '/client/update/',
    );
    expect(tried.status).toBe(303);
    expect((await clients().findFresh(id))?.serviceAccount).toBe(false);
    await admin.open(at(`/client/update/${id}`));
    const saved = await sendFields(
      admin,
      changed(fieldsOf(admin, '/client/update/'), { serviceAccount: 'yes', action: 'save' }),
      '/client/update/',
    );
    expect(saved.status).toBe(303);
    expect((await clients().findFresh(id))?.serviceAccount).toBe(true);
    await developer.open(at(`/client/update/${id}`));
    const widened = await sendFields(
      developer,
      changed(fieldsOf(developer, '/client/update/'), { scope: ['read', 'write'], action: 'save' }),
      '/client/update/',
    );
    expect(widened.status).toBe(422);
    expect(widened.text).toContain('only one may add to them');
    await developer.open(at(`/client/update/${id}`));
    await sendFields(
      developer,
      changed(fieldsOf(developer, '/client/update/'), { name: 'Renamed', action: 'save' }),
      '/client/update/',
    );
    expect(await clients().findFresh(id)).toMatchObject({ name: 'Renamed', serviceAccount: true });
  });

  it('lets a client exchange tokens by an administrator’s word alone, and its owner neither change nor widen that', async () => {
    const fields = {
      name: 'Exchanger',
      grantType: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      redirectUri: ['https://exchanger.example/'],
      scope: ['read'],
      tokenExchange: ['urn:a', 'urn:b'],
      impersonation: ['1'],
    };
    await developer.open(at('/client/add'));
    const refused = await sendFields(
      developer,
      changed(fieldsOf(developer, '/client/add'), { ...fields, action: 'save' }),
      '/client/add',
    );
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Token exchange needs an administrator');
    const id = await add(developer, { ...fields, grantType: ['authorization_code'] });
    expect((await clients().findFresh(id))?.tokenExchange).toEqual([]);
    const edit = async (browser: Browser, more: Record<string, string | string[]>): Promise<Answer> => {
      await browser.open(at(`/client/update/${id}`));
      return sendFields(
        browser,
        changed(fieldsOf(browser, '/client/update/'), { ...more, action: 'save' }),
        '/client/update/',
      );
    };
    expect((await edit(admin, { ...fields, tokenExchange: ['not an address'] })).status).toBe(422);
    // Impersonation only by its checkbox.
    const typed = await edit(admin, { ...fields, tokenExchange: ['urn:a', 'urn:c impersonation'] });
    expect([typed.status, typed.text.includes('Enter one identifier in each row.')]).toEqual([422, true]);
    expect((await edit(admin, fields)).status).toBe(303);
    const rules = [
      { resource: 'urn:a', mode: 'delegation' },
      { resource: 'urn:b', mode: 'impersonation' },
    ];
    expect((await clients().findFresh(id))?.tokenExchange).toEqual(rules);
    expect((await edit(developer, { name: 'Renamed', tokenExchange: ['urn:c'] })).status).toBe(303);
    expect(await clients().findFresh(id)).toMatchObject({ name: 'Renamed', tokenExchange: rules });
    const widened = await edit(developer, { scope: ['read', 'write'] });
    expect(widened.status).toBe(422);
    expect(widened.text).toContain('only one may add to them');
  });
});
