import { ClientsService } from '../../src/clients/clients.service';
import { adminApi, type AdminApiClient } from '../support/admin-api';
import type { Browser } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, registered, type RegisteredClient } from '../support/registration';

describe('the approval of a client', () => {
  let provider: TestProvider;
  let admin: Browser;
  let api: AdminApiClient;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_THROTTLE: 'off' } });
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  const at = (path: string): string => provider.issuer + path;
  const isApproved = async (made: RegisteredClient): Promise<boolean> =>
    (await provider.app.get(ClientsService).findFresh(made.client_id))?.approvedAt !== undefined;
  const register = (name: string): Promise<RegisteredClient> =>
    registered(provider, { client_name: name, redirect_uris: ['https://sites.test/weather/cb'] });
  const change = async (made: RegisteredClient, metadata: object): Promise<void> => {
    const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), ...metadata } });
    expect(answer.status).toBe(200);
  };

  it.each([
    ['name', { client_name: 'Your bank' }],
    ['redirect host', { redirect_uris: ['https://evil.test/cb'] }],
    ['path on a shared host', { redirect_uris: ['https://sites.test/mallory/cb'] }],
    ['privacy policy', { policy_uri: 'https://evil.test/policy' }],
  ])('is refused on its page where the client changed since the page was shown: its %s', async (_what, metadata) => {
    const made = await register('Weather');
    await admin.open(at(`/client/update/${made.client_id}`));
    await change(made, metadata);
    const answer = await admin.submit({ action: 'approve' }, { action: `/client/state/${made.client_id}` });
    expect(answer.text).toContain('The application changed after this page was shown, so it wasn’t approved.');
    expect(await isApproved(made)).toBe(false);
    // The page shows it as it is now, and that can be approved.
    await admin.submit({ action: 'approve' }, { action: `/client/state/${made.client_id}` });
    expect(await isApproved(made)).toBe(true);
  });

  it('is rejected where the form does not say what was shown', async () => {
    const made = await register('Weather');
    await admin.open(at(`/client/update/${made.client_id}`));
    const fields = [['action', 'approve']] as const;
    expect((await sendFields(admin, fields, `/client/state/${made.client_id}`)).location).toContain('done=outdated');
    expect(await isApproved(made)).toBe(false);
  });

  it('is not offered beside values that were typed and not saved', async () => {
    const made = await register('Weather');
    const path = `/client/update/${made.client_id}`;
    await admin.open(at(path));
    const typed = changed(fieldsOf(admin, path), { name: 'Harmless', redirectUri: ['nonsense'], action: 'save' });
    const answer = await sendFields(admin, typed, path);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('No administrator has approved this application');
    expect(answer.text).not.toContain('value="approve"');
  });

  it.each(['/client?state=new&q=listed', '/client?q=listed'])(
    'is refused in the list to those that changed since it was shown, and given to the others: %s',
    async (path) => {
      const [same, other] = [await register('Listed A'), await register('Listed B')];
      await admin.open(at(path));
      await change(other, { client_name: 'Your bank' });
      const fields = changed(fieldsOf(admin, '/client'), { id: [same.client_id, other.client_id], action: 'approve' });
      const answer = await sendFields(admin, fields, '/client');
      expect([await isApproved(same), await isApproved(other)]).toEqual([true, false]);
      const list = await admin.open(new URL(answer.location ?? '', provider.issuer).href);
      expect(list.text).toContain('changed after this list was shown, so they weren’t approved');
      await admin.open(at('/client?state=new&q=bank'));
      const again = changed(fieldsOf(admin, '/client'), { id: [other.client_id], action: 'approve' });
      expect((await sendFields(admin, again, '/client')).location).toContain('done=changed');
      expect(await isApproved(other)).toBe(true);
    },
  );

  it('by the API holds for the state that If-Match names (RFC 9110 13.1.1)', async () => {
    const made = await register('Weather');
    const path = `clients/${made.client_id}`;
    const seen = (await api.call('GET', path)).headers['etag'] ?? '';
    await change(made, { client_name: 'Your bank' });
    const late = await api.call('POST', `${path}/approve`, undefined, { 'If-Match': seen });
    expect(late.status).toBe(412);
    expect(await isApproved(made)).toBe(false);
    const now = (await api.call('GET', path)).headers['etag'] ?? '';
    const done = await api.call('POST', `${path}/approve`, undefined, { 'If-Match': now });
    expect([done.status, done.json()['approved'], done.json()['client_name']]).toEqual([200, true, 'Your bank']);
    expect((await api.call('GET', path)).headers['etag']).toBe(done.headers['etag']);
    const documents = (await api.call('GET', 'openapi.json')).json<{ paths: Record<string, { post?: unknown }> }>();
    const operation = Object.entries(documents.paths).find(([each]) => each.endsWith('/clients/{id}/approve'))?.[1];
    expect(JSON.stringify(operation?.post)).toContain('If-Match');
  });

  it('by the API needs no If-Match', async () => {
    const made = await register('Weather');
    expect((await api.call('POST', `clients/${made.client_id}/approve`)).status).toBe(200);
    expect(await isApproved(made)).toBe(true);
    expect((await api.call('POST', `clients/${made.client_id}/approve`)).status).toBe(200);
  });
});
