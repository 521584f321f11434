import { ClientsService } from '../../src/clients/clients.service';
import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { changed, fieldsOf, sendFields, values } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('the pages of clients', () => {
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
  const secretOf = (text: string): string | undefined => /id="client-secret">([^<]+)</.exec(text)?.[1];

  async function add(browser: Browser, changes: Record<string, string | string[]>): Promise<string> {
    await browser.open(at('/client/add'));
    const answer = await sendFields(browser, changed(fieldsOf(browser), changes));
    expect(answer.status).toBe(200);
    return idOf(answer.text);
  }

  it('redirects to the login without a session, and back to exactly this page', async () => {
    const person = await provider.addUser({ roles: ['developer'] });
    const browser = new Browser();
    await browser.open(at('/client?q=x'));
    expect(browser.address).toContain('/login?request=');
    await browser.submit({ username: person.username, password: person.password });
    expect(browser.address).toBe(at('/client?q=x'));
  });

  it('is forbidden to users who are neither administrator nor developer', async () => {
    const browser = await provider.logIn(await provider.addUser());
    for (const path of ['/client', '/client/add']) {
      const answer = await browser.open(at(path));
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('page.forbidden');
    }
  });

  it('adds a client and shows its secret once', async () => {
    await admin.open(at('/client/add'));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        name: 'Shop',
        redirectUri: ['https://shop.test/cb', 'https://shop.test/other'],
        defaultRedirectUri: '1',
      }),
    );
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const secret = secretOf(answer.text);
    expect(secret).toMatch(/^[\w-]{43}$/);
    const id = idOf(answer.text);
    expect(await clients().verifySecret(id, secret ?? '', provider.clock.now())).toBe(true);
    expect(await clients().find(id)).toMatchObject({
      name: 'Shop',
      type: 'confidential',
      defaultRedirectUri: 'https://shop.test/other',
      defaultScope: ['profile'],
    });

    const edit = await admin.open(at(`/client/update/${id}`));
    expect(edit.text).not.toContain(secret);
  });

  it('returns 409 to a new secret for a client that has none, as the API does', async () => {
    const { client } = await provider.addClient({ name: 'Secretless', type: 'public', authMethod: 'none' });
    await admin.open(`${provider.issuer}/client/update/${client.id}`);
    const [csrf] = fieldsOf(admin, '/client/update/').filter(([name]) => name === 'csrf');
    const answer = await admin.send(`${provider.issuer}/client/secret/${client.id}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams([csrf ?? ['', ''], ['overlap', '0']]).toString(),
    });
    expect([answer.status, answer.text.includes('This client has no secret.')]).toEqual([409, true]);
    const api = await adminApi(provider);
    const atApi = await api.call('POST', `clients/${client.id}/rotate-secret`, {});
    expect([atApi.status, atApi.text.includes('This client has no secret.')]).toEqual([409, true]);
  });

  it('gives a public client no secret, no method and PKCE, whatever the hidden fields say', async () => {
    await admin.open(at('/client/add'));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        kind: 'native',
        name: 'App',
        authMethod: 'client_secret_basic',
        redirectUri: 'com.example.app:/cb',
      }),
    );
    expect(answer.status).toBe(303);
    const id = /update\/([^?]+)/.exec(answer.location ?? '')?.[1] ?? '';
    expect(await clients().find(id)).toMatchObject({ type: 'public', authMethod: 'none', pkceRequired: true });
    const page = await admin.open(answer.location ?? '');
    expect(page.text).toContain('Application added.');
    expect(page.text).not.toContain('Rotate secret');
  });

  it('adds and removes rows by plain buttons and loses nothing that was typed', async () => {
    await admin.open(at('/client/add'));
    const typed = changed(fieldsOf(admin), {
      kind: 'spa',
      name: 'Half <typed>',
      redirectUri: ['https://a.test/', 'https://b.test/', 'not yet'],
    });
    await sendFields(admin, [...typed, ['action', 'add-redirect-uri']]);
    const fields = fieldsOf(admin);
    expect(admin.page?.status).toBe(200);
    expect(values(fields, 'redirectUri')).toEqual(['https://a.test/', 'https://b.test/', 'not yet', '']);
    expect(values(fields, 'name')).toEqual(['Half <typed>']);
    expect(values(fields, 'kind')).toEqual(['spa']);
    expect(admin.page?.text).toMatch(/id="f-redirectUris-3"[^>]* autofocus/);
  });

  it('adds and removes rows on the pages of a client, and moves their defaults with them', async () => {
    const { client } = await provider.addClient();
    const path = `/client/update/${client.id}`;
    await admin.open(at(path));
    const typed = changed(fieldsOf(admin, path), {
      name: 'Half <typed>',
      redirectUri: ['https://a.test/', 'https://b.test/', 'not yet', ''],
      defaultRedirectUri: '2',
    });
    await sendFields(admin, [...typed, ['action', 'remove-redirect-uri:0']], path);
    const overview = fieldsOf(admin, path);
    expect(values(overview, 'redirectUri')).toEqual(['https://b.test/', 'not yet', '']);
    expect(values(overview, 'defaultRedirectUri')).toEqual(['1']);
    expect(values(overview, 'name')).toEqual(['Half <typed>']);

    await admin.open(at(`${path}/scopes`));
    const scopes = changed(fieldsOf(admin, path), { scope: ['openid', 'mine'], defaultScope: ['1'] });
    await sendFields(admin, [...scopes, ['action', 'remove-scope:0']], path);
    expect(values(fieldsOf(admin, path), 'scope')).toEqual(['mine']);
    expect(values(fieldsOf(admin, path), 'defaultScope')).toEqual(['0']);

    await admin.open(at(`${path}/advanced`));
    const advanced = changed(fieldsOf(admin, path), { owner: 'nobody-yet' });
    await sendFields(admin, [...advanced, ['action', 'add-post-logout-redirect-uri']], path);
    expect(values(fieldsOf(admin, path), 'postLogoutRedirectUri')).toEqual(['']);
    expect(values(fieldsOf(admin, path), 'owner')).toEqual(['nobody-yet']);
    expect((await clients().findFresh(client.id))?.name).toBe(client.name);
  });

  it('changes by each page the fields of that page alone', async () => {
    const { client } = await provider.addClient({ consentRequired: true, contacts: ['a@client.test'] });
    const path = `/client/update/${client.id}`;
    await admin.open(at(`${path}/scopes`));
    const saved = await sendFields(admin, changed(fieldsOf(admin, path), { consentRequired: [] }), path);
    expect(saved.location).toBe(at(`${path}/scopes?done=saved`));
    const before = { ...client, consentRequired: false };
    expect(await clients().findFresh(client.id)).toEqual(before);
    // A form without a page changes what it contains.
    await admin.open(at(path));
    await sendFields(admin, [['name', 'By itself']], path);
    expect(await clients().findFresh(client.id)).toEqual({ ...before, name: 'By itself' });
    expect((await admin.open(at(`${path}/nowhere`))).status).toBe(404);
  });

  it.each([
    ['web', { type: 'confidential', authMethod: 'client_secret_basic', pkceRequired: true, applicationType: 'web' }],
    ['spa', { type: 'public', authMethod: 'none', pkceRequired: true, applicationType: 'web' }],
    ['native', { type: 'public', authMethod: 'none', applicationType: 'native' }],
    ['machine', { type: 'confidential', grantTypes: ['client_credentials'], redirectUris: [], scope: [] }],
    ['device', { type: 'public', redirectUris: [], grantTypes: [deviceGrant, 'refresh_token'] }],
  ])('adds an application of the kind %s by three answers', async (kind, expected) => {
    await admin.open(at('/client/add'));
    const name = `Of kind ${kind}`;
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), { kind, name, redirectUri: 'https://kind.test/callback' }),
    );
    expect([200, 303]).toContain(answer.status);
    const { clients: found } = await clients().list({ search: name, limit: 1 });
    expect(found[0]).toMatchObject({ name, ...expected });
  });

  it('offers developers no machine, which they may not add', async () => {
    expect((await developer.open(at('/client/add'))).text).not.toContain('value="machine"');
    expect((await admin.open(at('/client/add'))).text).toContain('value="machine"');
  });

  it('saves on Enter: the first submit button of the form is the one that saves', async () => {
    const { text } = await admin.open(at('/client/add'));
    expect(/<button type="submit"[^>]*>/.exec(text)?.[0]).toContain('name="action" value="save"');
  });

  it('says what is wrong beside the field and keeps what was typed', async () => {
    await admin.open(at('/client/add'));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        name: 'Kept',
        redirectUri: ['https://fine.test/', '', 'http://elsewhere.test/'],
        owner: 'ghost',
      }),
    );
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(
      /id="f-redirectUris-2"[^>]*aria-invalid="true"[^>]*aria-describedby="f-redirectUris-2-problem"/,
    );
    expect(answer.text).toContain('No user has this name.');
    expect(answer.text.match(/ autofocus/g)).toHaveLength(1);
    expect(values(fieldsOf(admin), 'redirectUri')).toEqual(['https://fine.test/', '', 'http://elsewhere.test/']);
    expect(values(fieldsOf(admin), 'name')).toEqual(['Kept']);

    const { client } = await provider.addClient();
    const path = `/client/update/${client.id}`;
    await admin.open(at(`${path}/scopes`));
    const scopes = await sendFields(admin, changed(fieldsOf(admin, path), { scope: ['open id'] }), path);
    expect(scopes.text).toMatch(/id="f-scope-0"[^>]*aria-invalid="true"/);
  });

  it('shows the form again, filled in, when the token of the form is not good', async () => {
    await admin.open(at('/client/add'));
    const answer = await sendFields(admin, changed(fieldsOf(admin), { name: 'Kept too', csrf: 'x' }));
    expect(answer.status).toBe(403);
    expect(values(fieldsOf(admin), 'name')).toEqual(['Kept too']);
    const again = await sendFields(admin, changed(fieldsOf(admin), { redirectUri: 'https://kept.test/' }));
    expect(again.status).toBe(200);
    expect(secretOf(again.text)).toBeDefined();
  });

  it('keeps nothing of a form that came from another site', async () => {
    await admin.open(at('/client/add'));
    const answer = await sendFields(admin, changed(fieldsOf(admin), { name: 'Foreign' }), undefined, {
      Origin: 'https://evil.test',
    });
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain('Foreign');
  });

  it('shows a developer their own clients and no others', async () => {
    const foreign = await add(admin, { name: 'Of the house', redirectUri: 'https://house.test/' });
    const own = await add(developer, { name: 'Of Dora', redirectUri: 'https://dora.test/' });
    expect((await clients().find(own))?.ownerId).toBe(developerId);
    const list = await developer.open(at('/client'));
    expect(list.text).toContain('Of Dora');
    expect(list.text).not.toContain('Of the house');
    for (const path of [`/client/update/${foreign}`, `/client/delete/${foreign}`])
      expect((await developer.open(at(path))).status).toBe(403);
    expect((await developer.open(at('/client/update/nothing'))).status).toBe(404);
    expect((await admin.open(at('/client'))).text).toContain('Of Dora');
  });

  it('makes a new secret, the old one going on for the chosen while', async () => {
    await admin.open(at('/client/add'));
    const made = await sendFields(
      admin,
      changed(fieldsOf(admin), { name: 'Rotating', redirectUri: 'https://rotating.test/' }),
    );
    const id = idOf(made.text);
    const first = secretOf(made.text) ?? '';
    await admin.open(at(`/client/update/${id}`));
    const rotated = await sendFields(
      admin,
      changed(fieldsOf(admin, '/client/secret/'), { overlap: '3600' }),
      '/client/secret/',
    );
    const second = secretOf(rotated.text) ?? '';
    expect(rotated.headers['cache-control']).toBe('no-store');
    expect(second).not.toBe(first);
    const now = provider.clock.now();
    expect(await clients().verifySecret(id, first, now)).toBe(true);
    expect(await clients().verifySecret(id, second, now)).toBe(true);
    expect(await clients().verifySecret(id, first, (now + 3601) as typeof now)).toBe(false);
    expect(await clients().verifySecret(id, second, (now + 3601) as typeof now)).toBe(true);

    await admin.open(at(`/client/update/${id}`));
    const odd = await sendFields(
      admin,
      changed(fieldsOf(admin, '/client/secret/'), { overlap: '99999999' }),
      '/client/secret/',
    );
    expect(odd.status).toBe(422);
    expect(await clients().verifySecret(id, second, now)).toBe(true);
  });

  it('deletes a client only when its name was typed', async () => {
    const id = await add(admin, { name: 'Short lived', redirectUri: 'https://short.test/' });
    await admin.open(at(`/client/delete/${id}`));
    const wrong = await admin.submit({ name: 'Something else' });
    expect(wrong.status).toBe(422);
    expect(await clients().findFresh(id)).toBeDefined();
    const gone = await admin.submit({ name: 'Short lived' });
    expect(gone.text).toContain('Application deleted');
    expect(await clients().findFresh(id)).toBeUndefined();
  });

  it('lists by name, in pages by key, and searches', async () => {
    for (let n = 0; n < 30; n++) await provider.addClient({ name: `Many ${String(n).padStart(2, '0')}` });
    const first = await admin.open(at('/client?q=many'));
    expect(first.text).toContain('Many 24');
    expect(first.text).not.toContain('Many 25');
    const next = /href="([^"]+)">Next</.exec(first.text)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=') ?? '';
    const second = await admin.open(at(next));
    expect(second.text).toContain('Many 25');
    expect(second.text).toContain('Many 29');
    expect(second.text).not.toContain('Many 24');
    expect(second.text).not.toContain('>Next<');
    expect((await admin.open(at('/client?q=100%25'))).text).toContain('No applications match');
  });
});
