import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, type Selector } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/platform/database/store';
import { engineNames, startPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';
import { clientSortOrders, type ClientSortOrder } from '../../src/clients/client-sort-orders';
import { ClientsService } from '../../src/clients/clients.service';
import { GrantsService } from '../../src/grants/grants.service';
import type { GrantListQuery } from '../../src/grants/grant-list';
import { AccessTokensService } from '../../src/tokens/access-tokens.service';
import { SessionsService } from '../../src/users/sessions/sessions.service';
import { formatCursor, parseCursor, type Cursor } from '../../src/web/cursor';
import { UserLists, userOrders, type UserOrder } from '../../src/users/user-lists.service';
import { isSearchedInside, searchText } from '../../src/users/search-text';
import { usernameKey, type Role, type User } from '../../src/users/user';
import { UsersService } from '../../src/users/users.service';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

/** By code points, as both databases must. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

describe.each(engineNames)('lists of administrators, on %s,', (engine) => {
  let postgres: TestPostgres | undefined;
  let folder: string;
  let provider: TestProvider;
  let everybody: readonly User[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-lists-'));
    postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
    provider = await startProvider({
      databaseUrl: postgres ? await postgres.url('lists') : `sqlite:${join(folder, 'lists.sqlite')}`,
    });
    const users = provider.app.get(UsersService);
    const names = ['ada', 'Ada.L', 'ada-2', 'adam', 'Äda', 'zoe', 'bert', 'b%ert', '中文', 'a_b', 'axb', 'Zed', 'ε'];
    for (const [index, name] of names.entries())
      for (const end of ['', '.x', '_Y', '-ß'])
        await provider.store.run(async (unit) => {
          const username = name.replace('%', '+') + end;
          const made = await users.create(
            unit,
            {
              username,
              email:
                index % 3 === 0 ? undefined : `${index % 2 === 0 ? 'ada' : 'box'}${index}${end.length}@people.test`,
              roles: index % 5 === 0 ? ['user', 'developer'] : ['user'],
            },
            provider.clock.now(),
          );
          if ('problems' in made) throw new Error(JSON.stringify(made.problems));
          // Some at the same moment, some never.
          if (index % 4 !== 0)
            await unit.change(
              statement('test.logged_in', 'UPDATE users SET last_login_at = $2 WHERE id = $1'),
              made.user.id,
              provider.clock.now() + (index % 4),
            );
        });
    everybody = await users.listByIds(
      (await provider.store.all<{ id: string }>(statement('test.all_users', 'SELECT id FROM users'))).map(
        ({ id }) => id,
      ),
    );
  }, 60_000);
  afterAll(async () => {
    await provider.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** All pages, one after the other, each from the cursor as it travels. */
  async function read(query: { search?: string; role?: Role; order?: UserOrder }, limit: number): Promise<string[]> {
    const lists = provider.app.get(UserLists);
    const found: string[] = [];
    let after: Cursor | undefined;
    do {
      const page = await lists.list({ ...query, after, limit });
      expect(page.users.length).toBeLessThanOrEqual(limit);
      found.push(...page.users.map(({ username }) => username));
      after = page.next && parseCursor(formatCursor(page.next), lists.cursorShape(query.order ?? 'username'));
      expect(after).toEqual(page.next);
    } while (after);
    return found;
  }

  function expected({
    search,
    role,
    order = 'username',
  }: {
    search?: string;
    role?: Role;
    order?: UserOrder;
  }): string[] {
    const key = search === undefined ? undefined : usernameKey(search);
    const byName = (user: User): boolean => usernameKey(user.username).startsWith(key ?? '');
    const byEmail = (user: User): boolean => user.email?.toLowerCase().startsWith(key ?? '') ?? false;
    const wanted = searchText(search ?? '');
    const inside = (user: User): boolean =>
      isSearchedInside(wanted) && [user.username, user.email ?? ''].some((text) => searchText(text).includes(wanted));
    const left = everybody
      .filter((user) => role === undefined || user.roles.includes(role))
      .filter((user) => key === undefined || byName(user) || byEmail(user) || inside(user));
    const sorted = [...left].sort((a, b) => {
      if (order === 'newest') return compare(b.id, a.id);
      if (order === 'latest_login') return (b.lastLoginAt ?? 0) - (a.lastLoginAt ?? 0) || compare(b.id, a.id);
      if (key !== undefined && byName(a) !== byName(b)) return byName(a) ? -1 : 1;
      if (key !== undefined && !byName(a) && byEmail(a) !== byEmail(b)) return byEmail(a) ? -1 : 1;
      // By number: in the order in which they were added.
      if (key !== undefined && !byName(a) && !byEmail(a)) return compare(a.id, b.id);
      return key === undefined || byName(a)
        ? compare(usernameKey(a.username), usernameKey(b.username))
        : compare(a.email ?? '', b.email ?? '') || compare(a.id, b.id);
    });
    return sorted.map(({ username }) => username);
  }

  const searches = [
    undefined,
    'ada',
    'ADA',
    'a_',
    'ä',
    '中',
    'box',
    'b',
    'nobody',
    '%',
    "'",
    'people',
    '_y@',
    'x.test',
    'PEOPLE.TEST',
    '-ß',
    '2@p',
    '\u{10FFFF}',
  ];
  const roles: readonly (Role | undefined)[] = [undefined, 'developer', 'auditor', 'user'];
  it.each(userOrders)('users in the order %s: every page, each user once, of every search and role', async (order) => {
    for (const search of order === 'username' ? searches : [undefined])
      for (const role of roles) {
        const query = { ...(search === undefined ? {} : { search }), ...(role === undefined ? {} : { role }), order };
        const all = await read(query, 7);
        expect({ query, all }).toEqual({ query, all: expected(query) });
      }
    expect(await read({ order }, 1)).toEqual(expected({ order }));
  });

  it('users of a role that more have than are picked one by one', async () => {
    const people = 10_100;
    const copy = statement(
      'test.copy_users',
      `INSERT INTO users (id, username, username_key, email, email_key, email_verified, created_at, updated_at)
       VALUES ($1, $2, $2, $3, $3, FALSE, 1, 1)`,
    );
    const role = statement('test.copy_roles', `INSERT INTO user_roles (user_id, role) VALUES ($1, 'auditor')`);
    await provider.store.run(async (unit) => {
      for (let number = 0; number < people; number += 1) {
        const id = `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
        const mail = `crowd${(number * 7919) % people}@people.test`;
        await unit.change(copy, id, `q-${number.toString().padStart(5, '0')}`, mail);
        await unit.change(role, id);
      }
    });
    const crowdOf = (mail: number): string =>
      numbered.find((_, number) => (number * 7919) % people === mail) ?? 'nobody';
    const numbered = Array.from({ length: people }, (_, number) => `q-${number.toString().padStart(5, '0')}`);
    for (const query of [
      { search: 'q-' },
      { role: 'auditor' },
      { search: 'q-', role: 'auditor' },
      { role: 'auditor', order: 'newest' },
      { role: 'auditor', order: 'latest_login' },
    ] as const) {
      const all = await read(query, 2000);
      expect(all).toHaveLength(people);
      expect([...all].sort()).toEqual(numbered);
    }
    expect((await read({ search: 'crowd' }, 2000)).slice(0, 2)).toEqual(['q-00000', crowdOf(10_000)]);
    await provider.store.run((unit) =>
      unit.change(statement('test.away', `DELETE FROM users WHERE username_key LIKE 'q-%'`)),
    );
  }, 60_000);

  it('users by a cursor that is of no page', async () => {
    const lists = provider.app.get(UserLists);
    for (const after of [
      [9, 'x', 'y'],
      [-1, 'x', 'y'],
      [0.5, 'x', 'y'],
      [0, '\u{10FFFF}', ''],
    ] as const)
      expect((await lists.list({ after, limit: 5 })).users).toEqual([]);
    const shape = lists.cursorShape('username');
    for (const text of ['', '!', 'bnVsbA', formatCursor([0, 'a']), formatCursor(['0', 'a', 'b']), 'x'.repeat(5000)])
      expect(parseCursor(text, shape)).toBeUndefined();
  });

  it.each(clientSortOrders)('clients in the order %s: every page, each once', async (order: ClientSortOrder) => {
    const clients = provider.app.get(ClientsService);
    for (let number = 0; number < 12; number += 1) {
      await provider.addClient({ name: `${order} ${number % 3}` });
      if (number % 4 === 0) provider.clock.advance(1);
    }
    const found: { name: string; createdAt: number; id: string }[] = [];
    let after: Cursor | undefined;
    do {
      const page = await clients.list({ order, search: order, after, limit: 5 });
      found.push(...page.clients);
      after = page.next;
    } while (after);
    expect(new Set(found.map(({ id }) => id)).size).toBe(12);
    const sorted = [...found].sort((a, b) =>
      order === 'name'
        ? compare(a.name, b.name) || compare(a.id, b.id)
        : b.createdAt - a.createdAt || compare(b.id, a.id),
    );
    expect(found).toEqual(sorted);
  });

  it('sessions, grants and tokens, the newest first or the oldest: the same ones, by user and by client too', async () => {
    const { app, clock } = provider;
    const people = [await provider.addUser(), await provider.addUser()];
    const clients = [await provider.addClient(), await provider.addClient()];
    for (let login = 0; login < 3; login += 1)
      for (const person of people) {
        const browser = await provider.logIn(person);
        for (const client of clients) await obtainTokens(provider, browser, client);
      }
    type Page = { readonly ids: readonly number[]; readonly next: Selector | undefined };
    type Source = (query: Omit<GrantListQuery, 'limit'>) => Promise<Page>;
    const pageOf = (items: readonly { readonly selector: Selector }[], more: boolean): Page => ({
      ids: items.map(({ selector }) => selector),
      next: more ? items.at(-1)?.selector : undefined,
    });
    const sources: Readonly<Record<string, Source>> = {
      sessions: async (query) => {
        const { sessions, next } = await app.get(SessionsService).list({ ...query, limit: 2 }, clock.now());
        return {
          ids: sessions.map(({ id }) => Number(`0x${sha256(id).toString('hex', 0, 6)}`)),
          next: next as Selector,
        };
      },
      grants: async (query) => {
        const { grants, more } = await app.get(GrantsService).list({ ...query, limit: 2 }, clock.now());
        return pageOf(grants, more);
      },
      tokens: async (query) => {
        const { tokens, more } = await app.get(AccessTokensService).list({ ...query, limit: 2 }, clock.now());
        return pageOf(tokens, more);
      },
    };
    const all = async (source: Source, query: Omit<GrantListQuery, 'limit'>): Promise<number[]> => {
      const found: number[] = [];
      let before: Selector | undefined;
      do {
        const { ids, next } = await source({ ...query, before });
        found.push(...ids);
        before = next;
      } while (before !== undefined);
      return found;
    };
    const [{ client }] = clients as [(typeof clients)[0]];
    for (const [name, source] of Object.entries(sources))
      for (const query of [{}, { userId: people[0]?.id }, ...(name === 'sessions' ? [] : [{ clientId: client.id }])]) {
        const newest = await all(source, { ...query, order: 'newest' });
        expect([name, query, newest.length >= 3]).toEqual([name, query, true]);
        expect(new Set(newest).size).toBe(newest.length);
        expect(await all(source, query)).toEqual(newest);
        expect(await all(source, { ...query, order: 'oldest' })).toEqual([...newest].reverse());
      }
  });
});
