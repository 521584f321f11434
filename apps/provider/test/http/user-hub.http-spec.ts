import { Browser } from '../support/browser';
import { fieldsOf, rowValues, sendFields } from '../support/forms';
import { authorize, redeem, startProvider, type TestProvider } from '../support/provider';

describe('the pages about one user', () => {
  let provider: TestProvider;
  let admin: Browser;

  beforeAll(async () => {
    provider = await startProvider();
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const isSignedIn = async (browser: Browser): Promise<boolean> => (await browser.send(at('/account'))).status === 200;

  it('are for administrators and auditors alone', async () => {
    const { id } = await provider.addUser();
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    const auditor = await provider.logIn(await provider.addUser({ roles: ['auditor'] }));
    for (const tab of ['sessions', 'apps', 'activity', 'factors', 'update']) {
      expect((await developer.open(at(`/user/${tab}/${id}`))).status).toBe(403);
      const seen = await auditor.open(at(`/user/${tab}/${id}`));
      expect(seen.status).toBe(200);
      expect(seen.text).toMatch(/<button[^>]* disabled>.{0,400}Create one-time link/);
      expect((await admin.open(at(`/user/${tab}/nobody`))).status).toBe(404);
    }
  });

  it('lead to each other, with the status and the frequent actions on top', async () => {
    const { id } = await provider.addUser({ username: 'hub', name: 'Grace Hopper' });
    for (const tab of ['update', 'factors', 'sessions', 'apps', 'activity']) {
      const { text } = await admin.open(at(`/user/${tab}/${id}`));
      expect(text).toContain('<h1><bdi>Grace Hopper</bdi></h1>');
      expect(text).toContain('Active</span>');
      expect(/href="([^"]*)" aria-current="page">(?!<svg)/.exec(text)?.[1]).toBe(`/user/${tab}/${id}`);
      for (const action of [`/user/link/${id}`, `/user/disable/${id}`]) expect(text).toContain(`action="${action}"`);
    }
  });

  it('sessions: lists and ends those of this user, one or all', async () => {
    const user = await provider.addUser();
    const stranger = await provider.logIn(await provider.addUser());
    const [one, two, three] = [await provider.logIn(user), await provider.logIn(user), await provider.logIn(user)];
    const page = `/user/sessions/${user.id}`;
    await admin.open(at(page));
    const ids = rowValues(admin, 'session');
    expect(ids).toHaveLength(3);
    expect((await admin.submit({ session: ids[0] ?? '' }, { action: page })).text).toContain('Session ended');
    expect(rowValues(admin, 'session')).toEqual(ids.slice(1));
    const alive = [await isSignedIn(one), await isSignedIn(two), await isSignedIn(three)];
    expect(alive.filter((each) => each)).toHaveLength(2);
    expect((await admin.submit({ action: 'end-all' }, { action: page })).text).toContain('Signed out everywhere');
    expect(await isSignedIn(one)).toBe(false);
    expect(await isSignedIn(stranger)).toBe(true);
  });

  it('sessions: leaves the session of somebody else alone', async () => {
    const user = await provider.addUser();
    await provider.logIn(user);
    const other = await provider.addUser();
    const stranger = await provider.logIn(other);
    await admin.open(at(`/user/sessions/${other.id}`));
    const [foreign = ''] = rowValues(admin, 'session');
    const page = `/user/sessions/${user.id}`;
    await admin.open(at(page));
    await admin.submit({ session: foreign }, { action: page });
    expect(await isSignedIn(stranger)).toBe(true);
  });

  it('apps: lists what has access, and revokes that of one application', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const tokens: string[] = [];
    for (const name of ['Kept app', 'Revoked app']) {
      const registered = await provider.addClient({ name, consentRequired: false });
      const { code, verifier } = await authorize(provider, browser, registered.client);
      const answer = await redeem(provider, registered, code, verifier);
      tokens.push(answer.json<{ access_token: string }>().access_token);
    }
    const page = `/user/apps/${user.id}`;
    const { text } = await admin.open(at(page));
    const clients = rowValues(admin, 'client');
    expect(clients).toHaveLength(2);
    const revoked = clients.find((id) => new RegExp(`/client/update/${id}"[^>]*><bdi>Revoked app<`).test(text)) ?? '';
    const fields = [...fieldsOf(admin, page), ['client', revoked] as const];
    expect((await sendFields(admin, fields, page)).location).toContain(`${page}?done=revoked`);
    const after = await admin.open(at(`${page}?done=revoked`));
    expect(after.text).toContain('Access revoked');
    expect(rowValues(admin, 'client')).toEqual(clients.filter((id) => id !== revoked));
    const statuses = tokens.map(
      async (token) =>
        (await new Browser().send(at('/api/me'), { headers: { Authorization: `Bearer ${token}` } })).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 401]);
  });

  it('activity: lists the events of this user, with who acted, in pages', async () => {
    const user = await provider.addUser({ username: 'active' });
    await provider.logIn(user);
    await admin.open(at(`/user/update/${user.id}`));
    await admin.submit({}, { action: '/user/disable/' });
    const { text } = await admin.open(at(`/user/activity/${user.id}`));
    expect(text).toContain('user.disabled');
    expect(text).toMatch(/<dt>By<\/dt><dd><a href="\/user\/update\/[^"]+"><bdi>root</);
    expect(text).not.toContain('Older');
    for (let turn = 0; turn < 26; turn += 1)
      for (const action of ['/user/enable/', '/user/disable/']) {
        await admin.open(at(`/user/update/${user.id}`));
        await admin.submit({}, { action });
      }
    const newest = await admin.open(at(`/user/activity/${user.id}`));
    const older = /href="([^"]+)">Older/.exec(newest.text)?.[1] ?? '';
    expect(older).toContain('before');
    expect((await admin.open(at(older.replaceAll('&#x3D;', '=')))).text).toContain('login.succeeded');
  });

  it('are in the language of the browser', async () => {
    const { id } = await provider.addUser();
    const german = await provider.logIn({ username: 'root', password: 'correct horse battery staple' });
    await german.open(at('/language?to=de&next=/user'));
    expect((await german.open(at('/user'))).text).toContain('Benutzer hinzufügen');
    expect((await german.open(at(`/user/update/${id}`))).text).toContain('Anmeldemethoden');
  });
});
