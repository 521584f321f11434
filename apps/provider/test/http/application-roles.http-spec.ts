import { decodeJwt } from 'jose';
import { adminApi, pageOf, shaped, type AdminApiClient } from '../support/admin-api';
import type { Browser } from '../support/browser';
import { send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens, type Registered } from '../support/tokens';

describe('roles of an application’s own', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  let developer: Browser;
  let wiki: Registered;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;
  const scope = 'openid application_roles';

  beforeAll(async () => {
    provider = await startProvider();
    api = await adminApi(provider);
    const owner = await provider.addUser({ username: 'dora', roles: ['developer'] });
    developer = await provider.logIn(owner);
    person = await provider.addUser({ username: 'ada' });
    wiki = await provider.addClient({ name: 'Wiki', scope: ['openid', 'application_roles'], ownerId: owner.id });
  });
  afterAll(() => provider.close());

  const page = (): string => `${provider.base}/client/roles/${wiki.client.id}`;

  async function told(registered: Registered, asked = scope): Promise<[unknown, unknown]> {
    const tokens = await obtainTokens(provider, await provider.logIn(person), registered, { scope: asked });
    const userinfo = await send(`${provider.base}/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    });
    return [decodeJwt(tokens.id_token ?? '')['application_roles'], userinfo.json()['application_roles']];
  }

  it('are given by the developer who owns it, and told to it when its scope asks', async () => {
    expect(await told(wiki)).toEqual([undefined, undefined]);
    await developer.open(page());
    const wrong = await developer.submit({ username: 'nobody', roles: 'edit\u00fcr' });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('Nobody with this username has signed in to this application');
    expect(wrong.text).toContain('printable ASCII');
    // Who has an account and never came here is as if they were not there.
    await provider.addUser({ username: 'elsewhere' });
    const unknown = await developer.submit({ username: 'elsewhere', roles: 'editor' });
    expect([unknown.status, unknown.text.includes('Nobody with this username has signed in')]).toEqual([422, true]);
    const saved = await developer.submit({ username: 'Ada', roles: 'editor  viewer editor' });
    expect(saved.text).toContain('Roles saved.');
    expect(await told(wiki)).toEqual([
      ['editor', 'viewer'],
      ['editor', 'viewer'],
    ]);
    expect(await told(wiki, 'openid')).toEqual([undefined, undefined]);
  });

  it('are nobody else’s to see: another application is told its own, another developer has no page', async () => {
    const other = await provider.addClient({ scope: ['openid', 'application_roles'] });
    expect(await told(other)).toEqual([undefined, undefined]);
    const stranger = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    expect((await stranger.open(page())).status).toBe(403);
    const answer = await stranger.send(page(), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: 'username=ada&roles=admin',
    });
    expect(answer.status).toBe(403);
  });

  it('are no way around the scope by the claims parameter', async () => {
    const claims = JSON.stringify({ id_token: { application_roles: null }, userinfo: { application_roles: null } });
    const tokens = await obtainTokens(provider, await provider.logIn(person), wiki, { scope: 'openid', claims });
    expect(decodeJwt(tokens.id_token ?? '')['application_roles']).toBeUndefined();
  });

  it('are listed and set by the API, and go with the account', async () => {
    const path = `clients/${wiki.client.id}/application-roles`;
    const { items } = pageOf(await api.call('GET', path), 'ApplicationMember');
    expect(items).toEqual([{ user_id: person.id, roles: ['editor', 'viewer'] }]);
    const set = await api.call('PUT', `${path}/${person.id}`, { roles: ['owner'] });
    expect(shaped(set, 'ApplicationMember')).toEqual({ user_id: person.id, roles: ['owner'] });
    expect((await api.call('PUT', `${path}/${person.id}`, { roles: ['a b'] })).status).toBe(400);
    expect((await api.call('PUT', `${path}/nobody`, { roles: [] })).status).toBe(404);
    for (const name of ['b', 'c']) {
      const user = await provider.addUser({ username: `member-${name}` });
      await api.call('PUT', `${path}/${user.id}`, { roles: ['one', 'two'] });
    }
    const first = pageOf(await api.call('GET', `${path}?limit=2`), 'ApplicationMember');
    expect(first.items).toHaveLength(2);
    const second = pageOf(await api.call('GET', `${path}?limit=2&cursor=${String(first.next)}`), 'ApplicationMember');
    expect([second.items.length, second.next]).toEqual([1, null]);
    expect((await api.call('DELETE', `users/${person.id}`)).status).toBe(204);
    const left = pageOf(await api.call('GET', path), 'ApplicationMember');
    expect(left.items.map((item) => item['user_id'])).not.toContain(person.id);
  });
});
