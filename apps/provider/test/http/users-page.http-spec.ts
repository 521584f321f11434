import { SetUserState } from '../../src/users/operations/set-user-state';
import { UsersService } from '../../src/users/users.service';
import { Browser, unescape } from '../support/browser';
import { changed, fieldsOf, rowValues, sendFields, values } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

describe('the pages of users', () => {
  let provider: TestProvider;
  let admin: Browser;
  let adminId: string;

  beforeAll(async () => {
    provider = await startProvider();
    const person = await provider.addUser({ username: 'root', roles: ['admin'] });
    adminId = person.id;
    admin = await provider.logIn(person);
    // Whom the first start made: here, root is to be the last one.
    const first = await users().findByUsername('admin');
    if (first) await provider.store.run((unit) => users().remove(unit, first.id, provider.clock.now()));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const users = (): UsersService => provider.app.get(UsersService);
  const nextOf = (text: string): string => unescape(/href="([^"]+)">Next</.exec(text)?.[1] ?? '');
  const linkOf = (text: string): string =>
    (/id="one-time-link">([^<]+)</.exec(text)?.[1] ?? '').replaceAll('&#x3D;', '=');

  it('is for administrators alone', async () => {
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    for (const path of ['/user', '/user/add', `/user/update/${adminId}`, `/user/delete/${adminId}`])
      expect((await developer.open(at(path))).status).toBe(403);
  });

  it('adds a user whose password is set by a link that is shown once', async () => {
    await admin.open(at('/user/add'));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        username: 'grace',
        name: 'Grace Hopper',
        email: 'grace@example.test',
        role: ['user', 'developer'],
      }),
    );
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.text).toContain('The address grace@example.test is not verified');
    const link = linkOf(answer.text);
    expect(link.startsWith(`${provider.issuer}/password/set?token=`)).toBe(true);
    expect(await users().findByUsername('grace')).toMatchObject({ roles: ['developer', 'user'], hasPassword: false });

    const browser = new Browser();
    await browser.open(link);
    const done = await browser.submit({ password: 'compilers are rather nice' });
    expect(done.text).toContain('Welcome, Grace Hopper');
    await provider.logIn({ username: 'grace', password: 'compilers are rather nice' });
    expect((await new Browser().open(link)).status).toBe(410);
  });

  it('says what is wrong beside the field and keeps what was typed', async () => {
    await admin.open(at('/user/add'));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), { username: 'ROOT', email: 'kept@example.test', role: ['developer'] }),
    );
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(/id="f-username-problem">.*?This username is taken/);
    expect(answer.text).toMatch(/id="f-username"[^>]*autofocus/);
    expect(values(fieldsOf(admin), 'email')).toEqual(['kept@example.test']);
    expect(values(fieldsOf(admin), 'role')).toEqual(['developer']);
  });

  it('edits a user and their roles', async () => {
    const person = await provider.addUser({ username: 'edith' });
    await admin.open(at(`/user/update/${person.id}`));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin, '/user/update/'), {
        name: 'Edith Clarke',
        emailVerified: 'yes',
        email: 'e@example.test',
        role: ['user', 'admin'],
      }),
      '/user/update/',
    );
    expect(answer.status).toBe(303);
    expect(await users().find(person.id)).toMatchObject({
      name: 'Edith Clarke',
      emailVerified: true,
      roles: ['admin', 'user'],
    });
    await sendFields(
      await open(`/user/update/${person.id}`),
      changed(fieldsOf(admin, '/user/update/'), { role: ['user'] }),
      '/user/update/',
    );
    expect((await users().find(person.id))?.roles).toEqual(['user']);
  });

  async function open(path: string): Promise<Browser> {
    await admin.open(at(path));
    return admin;
  }

  it('disables an account, which ends its sessions, and enables it again', async () => {
    const person = await provider.addUser();
    const theirs = await provider.logIn(person);
    await admin.open(at(`/user/update/${person.id}`));
    const off = await admin.submit({}, { action: '/user/disable/' });
    expect(off.text).toContain('Account disabled');
    await theirs.open(at('/home'));
    expect(theirs.address).toContain('/login');
    await expect(provider.logIn(person)).rejects.toThrow('the login failed: 401');
    await admin.open(at(`/user/update/${person.id}`));
    await admin.submit({}, { action: '/user/enable/' });
    await provider.logIn(person);
  });

  it('makes a new one-time link', async () => {
    const person = await provider.addUser();
    await admin.open(at(`/user/update/${person.id}`));
    const answer = await admin.submit({}, { action: '/user/link/' });
    expect(linkOf(answer.text)).toContain('/password/set?token=');
  });

  it('deletes a user only when the username was typed', async () => {
    const person = await provider.addUser({ username: 'leaving' });
    await admin.open(at(`/user/delete/${person.id}`));
    expect((await admin.submit({ username: 'staying' })).status).toBe(422);
    const gone = await admin.submit({ username: 'leaving' });
    expect(gone.text).toContain('User deleted.');
    expect(await users().find(person.id)).toBeUndefined();
    expect((await admin.open(at(`/user/update/${person.id}`))).status).toBe(404);
  });

  it('keeps the last administrator: not demoted, not disabled, not deleted', async () => {
    const page = `/user/update/${adminId}`;
    await admin.open(at(page));
    const demoted = await sendFields(admin, changed(fieldsOf(admin, page), { role: ['user'] }), page);
    expect(demoted.status).toBe(422);
    expect(demoted.text).toMatch(/id="f-roles-problem">.*?This is the last administrator/);
    await admin.open(at(page));
    const off = await admin.submit({}, { action: '/user/disable/' });
    expect(off.status).toBe(409);
    expect(off.text).toContain('This is the last administrator');
    await admin.open(at(`/user/delete/${adminId}`));
    const deleted = await admin.submit({ username: 'root' });
    expect(deleted.status).toBe(409);
    expect(await users().find(adminId)).toMatchObject({ roles: ['admin'], disabledAt: undefined });
  });

  it('disables and enables many at once after asking, but for the last administrator, and keeps the filter', async () => {
    const people = await Promise.all(['many-a', 'many-b'].map((username) => provider.addUser({ username })));
    const ids = people.map(({ id }) => id);
    const ask = (chosen: readonly string[], action: string) => {
      const selection = new URLSearchParams({ q: 'many', action });
      for (const id of chosen) selection.append('id', id);
      return admin.open(at(`/user/selected?${selection.toString()}`));
    };
    const act = async (chosen: readonly string[], action: string): Promise<Record<string, string>> => {
      await ask(chosen, action);
      const answer = await sendFields(admin, [...fieldsOf(admin, '/user'), ['action', action]], '/user');
      expect(answer.status).toBe(303);
      return Object.fromEntries(new URL(answer.location ?? '').searchParams);
    };
    await admin.open(at('/user?q=many'));
    expect(rowValues(admin, 'id')).toEqual(ids);
    const asked = await ask(ids, 'disable');
    expect(asked.text).toContain('Disable 2 users?');
    expect(rowValues(admin, 'id')).toEqual(ids);
    for (const username of ['many-a', 'many-b']) expect(asked.text).toContain(`>${username}</bdi>`);
    expect((await users().find(ids[0] ?? ''))?.disabledAt).toBeUndefined();
    expect(await act([...ids, adminId], 'disable')).toEqual({ q: 'many', done: 'kept', count: '2' });
    for (const id of ids) expect((await users().find(id))?.disabledAt).toBeDefined();
    expect((await users().find(adminId))?.disabledAt).toBeUndefined();
    expect(await act(ids.slice(0, 1), 'enable')).toEqual({ q: 'many', done: 'enabled', count: '1' });
    expect((await users().find(ids[0] ?? ''))?.disabledAt).toBeUndefined();
    expect(await act(ids, 'disable')).toEqual({ q: 'many', done: 'disabled', count: '1' });
    expect((await admin.open(at('/user?q=many&done=disabled&count=1'))).text).toContain('1 user disabled');
    const none = await ask([], 'enable');
    expect(admin.address).toBe(at('/user?q=many&done=none'));
    expect(none.text).toContain('Select at least one user');
  });

  it('shows the users of one role or status', async () => {
    const off = await provider.addUser({ username: 'state-off' });
    await provider.addUser({ username: 'state-on' });
    await provider.store.run((unit) => users().create(unit, { username: 'state-invited' }, provider.clock.now()));
    await provider.execute(SetUserState, { id: off.id, disabled: true });
    const shown = async (filter: string): Promise<string[]> => {
      const { text } = await admin.open(at(`/user?${filter}`));
      return [...text.matchAll(/aria-label="Select (state-[a-z]+)"/g)].map(([, name]) => name ?? '');
    };
    expect(await shown('q=state-')).toEqual(['state-invited', 'state-off', 'state-on']);
    expect(await shown('q=state-&status=active')).toEqual(['state-on']);
    expect(await shown('q=state-&status=invited')).toEqual(['state-invited']);
    expect(await shown('status=disabled')).toEqual(['state-off']);
    const admins = await admin.open(at('/user?role=admin'));
    expect(admins.text).toContain('root');
    expect(admins.text).not.toContain('state-on');
    expect((await admin.open(at('/user?q=state-&status=disabled&role=admin'))).text).toContain('No users match');
  });

  it('lists by username, in pages by key, and searches', async () => {
    for (let n = 0; n < 27; n++)
      await provider.store.run((unit) =>
        users().create(unit, { username: `many-${String(n).padStart(2, '0')}` }, provider.clock.now()),
      );
    const first = await admin.open(at('/user?q=MANY'));
    expect(first.text).toContain('many-24');
    expect(first.text).not.toContain('many-25');
    const next = nextOf(first.text);
    const second = await admin.open(at(next));
    expect(second.text).toContain('many-26');
    expect(second.text).not.toContain('many-24');
    expect((await admin.open(at('/user?q=%25'))).text).toContain('No users match');
  });

  it('finds a part of a name, in pages by key', async () => {
    for (let n = 0; n < 27; n++)
      await provider.store.run((unit) =>
        users().create(
          unit,
          { username: `part-${String(n).padStart(2, '0')}`, familyName: 'Strauß' },
          provider.clock.now(),
        ),
      );
    const first = await admin.open(at('/user?q=STRAUSS'));
    expect(first.text).toContain('part-24');
    expect(first.text).not.toContain('part-25');
    const next = nextOf(first.text);
    const second = await admin.open(at(next));
    expect(second.text).toContain('part-26');
    expect(second.text).not.toContain('part-24');
    expect(nextOf(second.text)).toBe('');
  });
});
