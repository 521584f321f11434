import { ResourcesService } from '../../src/resources/resources.service';
import type { Browser } from '../support/browser';
import { changed, fieldsOf, sendFields, values } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

describe('the pages of APIs', () => {
  let provider: TestProvider;
  let admin: Browser;

  beforeAll(async () => {
    provider = await startProvider();
    admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const resources = (): ResourcesService => provider.app.get(ResourcesService);

  it('are for administrators alone', async () => {
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    for (const path of ['/resource', '/resource/add', '/resource/update/x', '/resource/delete/x'])
      expect((await developer.open(at(path))).status).toBe(403);
  });

  it('adds an API whose scopes are rows of the form, without a script', async () => {
    await admin.open(at('/resource/add'));
    const more = await sendFields(
      admin,
      changed(fieldsOf(admin), { identifier: 'https://documents.example/', action: 'add-scope' }),
    );
    expect(more.status).toBe(200);
    expect(values(fieldsOf(admin), 'scope')).toEqual(['', '']);
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        name: 'Documents',
        scope: ['documents:read', 'documents:write'],
        sentence: ['Read your documents', ''],
        action: 'save',
      }),
    );
    expect(answer.status).toBe(303);
    expect((await admin.open(answer.location ?? '')).text).toContain('API added.');
    expect(await resources().find('https://documents.example/')).toMatchObject({
      name: 'Documents',
      tokenFormat: 'jwt',
      signingAlgorithm: 'ES256',
      access: 'consent',
      scopes: [
        { name: 'documents:read', sentence: 'Read your documents' },
        { name: 'documents:write', sentence: '' },
      ],
    });
    expect((await admin.open(at('/resource'))).text).toContain('https://documents.example/');
  });

  it('says what is wrong beside the field and keeps what was typed', async () => {
    await admin.open(at('/resource/add'));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        identifier: 'http://elsewhere.example/',
        name: 'Kept',
        scope: 'a b',
        sentence: 'Kept too',
        lifetime: 'soon',
        action: 'save',
      }),
    );
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(/id="f-identifier-problem">.*?<span>Use an https URL or a URN/);
    expect(answer.text).toMatch(/id="f-identifier"[^>]*autofocus/);
    expect(answer.text).toContain('id="f-scopes-0-problem"');
    expect(answer.text).toContain('id="f-lifetime-problem"');
    expect(values(fieldsOf(admin), 'name')).toEqual(['Kept']);
    expect(values(fieldsOf(admin), 'sentence')).toEqual(['Kept too']);
  });

  it('gives one API an identifier once', async () => {
    const add = async (): Promise<number> => {
      await admin.open(at('/resource/add'));
      const fields = changed(fieldsOf(admin), { identifier: 'urn:once', name: 'Once', action: 'save' });
      return (await sendFields(admin, fields)).status;
    };
    expect([await add(), await add()]).toEqual([303, 422]);
  });

  it('edits, makes credentials once, and deletes by name', async () => {
    await admin.open(at('/resource/add'));
    await sendFields(admin, changed(fieldsOf(admin), { identifier: 'urn:short', name: 'Short', action: 'save' }));
    const { id } = (await resources().find('urn:short')) ?? { id: '' };
    await admin.open(at(`/resource/update/${id}`));
    await sendFields(
      admin,
      changed(fieldsOf(admin, '/resource/update/'), { tokenFormat: 'opaque', lifetime: '60', action: 'save' }),
      '/resource/update/',
    );
    expect(await resources().findFresh(id)).toMatchObject({ tokenFormat: 'opaque', accessTokenLifetimeSeconds: 60 });

    await admin.open(at(`/resource/update/${id}`));
    const shown = await sendFields(admin, fieldsOf(admin, '/resource/credentials/'), '/resource/credentials/');
    expect(shown.headers['cache-control']).toBe('no-store');
    const clientId = /id="client-id">([^<]+)</.exec(shown.text)?.[1];
    expect((await resources().findFresh(id))?.clientId).toBe(clientId);
    expect((await admin.open(at(`/resource/update/${id}`))).text).not.toContain('/resource/credentials/');

    await admin.open(at(`/resource/delete/${id}`));
    expect((await sendFields(admin, changed(fieldsOf(admin), { name: 'Long' }))).status).toBe(422);
    await sendFields(admin, changed(fieldsOf(admin), { name: 'Short' }));
    expect(await resources().findFresh(id)).toBeUndefined();
  });
});
