import { epochSeconds } from '@gatehouse/domain/kernel';
import { migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { statement, type StatementText } from '@gatehouse/platform/database/store';
import type { DataSource } from 'typeorm';
import { administer } from '../../../../libs/platform/test/support/postgres';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { loadSettings } from '../../src/config/settings';
import { entities, migrations } from '../../src/schema';
import { formatCursor, parseCursor, type Cursor } from '../../src/web/cursor';
import { UserLists } from '../../src/users/user-lists.service';
import type { Role, UserDraft, UserStatus } from '../../src/users/user';
import { UsersService } from '../../src/users/users.service';
import { engines } from '../support/engines';
import { buildProvider, runCommand } from '../support/processes';
import { startProvider, type TestProvider } from '../support/provider';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { UpdateUser } from '../../src/users/operations/update-user';

jest.setTimeout(180_000);

interface Query {
  readonly search: string;
  readonly role?: Role;
  readonly status?: UserStatus;
}

/** All pages, one after the other, each from the cursor as it travels. */
async function search(provider: TestProvider, query: Query | string, limit = 100): Promise<string[]> {
  const lists = provider.app.get(UserLists);
  const found: string[] = [];
  let after: Cursor | undefined;
  do {
    const page = await lists.list({ ...(typeof query === 'string' ? { search: query } : query), after, limit });
    found.push(...page.users.map(({ username }) => username));
    after = page.next && parseCursor(formatCursor(page.next), lists.cursorShape('username'));
    expect(after).toEqual(page.next);
  } while (after);
  return found;
}

async function add(provider: TestProvider, draft: UserDraft): Promise<string> {
  const made = await provider.store.run((unit) =>
    provider.app.get(UsersService).create(unit, draft, provider.clock.now()),
  );
  if ('problems' in made) throw new Error(JSON.stringify(made.problems));
  return made.user.id;
}

const run = (provider: TestProvider, text: StatementText, ...values: string[]): Promise<number> =>
  provider.store.run((unit) => unit.change(text, ...values));

/** A row as a process of the version before writes it, which knows nothing of the search. */
const insertUser = statement(
  'test.search_insert',
  `INSERT INTO users (id, username, username_key, name, email, email_key, email_verified, profile, created_at, updated_at)
   VALUES ($1, $1, $1, $2, $3, $3, FALSE, $4, 1, 1)`,
);

describe.each(engines)('the search of users on %s', (name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  describe('of a few people', () => {
    let provider: TestProvider;
    const people: readonly UserDraft[] = [
      { username: 'u1', name: 'Jürgen Müller', email: 'j.m@Example.COM' },
      { username: 'u2', name: 'MÜLLER GmbH', roles: ['user', 'developer'] },
      { username: 'u3', givenName: 'Anna', familyName: 'Mu\u0308ller' },
      { username: 'mullerin', email: 'team@example.com' },
      { username: 'u5', name: 'Hans Straße', profile: { nickname: 'Łukasz 100%', middleName: 'Ødegård' } },
      { username: 'u6', name: 'Paul Strasse' },
      { username: 'u7', name: 'a_b "c" d*e AND -f NEAR(g) ^h i:j {k}' },
      { username: 'u8', name: 'aXb cXd NOT f' },
      { username: 'u9', name: 'Иванов Олег', email: 'pure@xample.org' },
      { username: 'u10', name: '김민수 王小芳 ﬁnn Ｗｉｄｅ' },
      { username: 'u11', name: "O'Neil \\ back; DROP TABLE users" },
    ];
    beforeAll(async () => {
      provider = await startProvider({ databaseUrl: await engine.migratedUrl() });
      for (const person of people) await add(provider, person);
    });
    afterAll(() => provider.close());

    it.each([
      ['Müller', ['u1', 'u2', 'u3', 'mullerin']],
      ['MU\u0308LLER', ['u1', 'u2', 'u3', 'mullerin']],
      // Who begins so comes first.
      ['muller', ['mullerin', 'u1', 'u2', 'u3']],
      ['jurgen m', ['u1']],
      ['Anna Muller', ['u3']],
      ['anna  muller', []],
      ['example.com', ['u1', 'mullerin']],
      ['@EXAMPLE', ['u1', 'mullerin']],
      ['xample.', ['u9', 'u1', 'mullerin'].sort()],
      ['strasse', ['u5', 'u6']],
      ['straße', ['u5', 'u6']],
      ['STRAẞE', ['u5', 'u6']],
      ['lukasz', ['u5']],
      ['ŁUKASZ 100%', ['u5']],
      ['odegard', ['u5']],
      ['иванов', ['u9']],
      ['ИВАН', ['u9']],
      ['김민수', ['u10']],
      ['王小芳', ['u10']],
      ['ｗｉｄｅ', ['u10']],
      // Not across two names.
      ['GmbH\nteam', []],
      ['nobody', []],
    ])('finds %j', async (typed, usernames) => {
      const found = await search(provider, typed);
      expect(typed === 'xample.' ? [...found].sort() : found).toEqual(usernames);
      expect((await search(provider, typed, 1)).sort()).toEqual([...usernames].sort());
    });

    it.each([
      ['a_b', ['u7']],
      ['100%', ['u5']],
      ['%%%', []],
      ['___', []],
      ['"c"', ['u7']],
      ['"""', []],
      ['d*e', ['u7']],
      ['aXb*', []],
      ['AND -f', ['u7']],
      ['aXb AND cXd', []],
      ['aXb OR cXd', []],
      ['cXd NOT f', ['u8']],
      ['NEAR(g)', ['u7']],
      ['^h i:j {k}', ['u7']],
      ['text:aXb', []],
      ["o'neil \\ ", ['u11']],
      ["' OR 1=1", []],
      ['ba\\ck', []],
      ['user\0name', []],
      ['\u0308\u0308\u0308', []],
      ['x'.repeat(10_000), []],
      ['\ufdfa'.repeat(500), []],
    ])('takes %j literally', async (typed, usernames) => {
      expect(await search(provider, typed)).toEqual(usernames);
    });

    it('looks at how names begin where fewer than three characters were typed', async () => {
      expect(await search(provider, 'mü')).toEqual([]);
      expect(await search(provider, 'mu')).toEqual(['mullerin']);
      expect(await search(provider, 'te')).toEqual(['mullerin']);
    });

    it('keeps to a role', async () => {
      expect(await search(provider, { search: 'muller', role: 'developer' })).toEqual(['u2']);
      expect(await search(provider, { search: 'muller', role: 'auditor' })).toEqual([]);
    });

    it('keeps to a status', async () => {
      const user = await provider.app.get(UsersService).findByUsername('u2');
      await provider.execute(SetUserState, { id: user?.id ?? '', disabled: true });
      const found = (status: UserStatus, limit?: number): Promise<string[]> =>
        search(provider, { search: 'muller', status }, limit);
      expect(await found('disabled')).toEqual(['u2']);
      // Nobody here has a password yet.
      expect(await found('invited')).toEqual(['mullerin', 'u1', 'u3']);
      expect(await found('invited', 1)).toEqual(['mullerin', 'u1', 'u3']);
      expect(await found('active')).toEqual([]);
      expect(await search(provider, { search: '', status: 'disabled' })).toEqual(['u2']);
      expect(await search(provider, { search: 'muller', role: 'developer', status: 'disabled' })).toEqual(['u2']);
      await provider.execute(SetUserState, { id: user?.id ?? '', disabled: false });
    });

    it('rejects cursors that are of no page', async () => {
      const lists = provider.app.get(UserLists);
      for (const after of [
        [2, 'x', ''],
        [2, '', ''],
        [2, '-1', ''],
        [2, '9'.repeat(40), ''],
        [3, '0', ''],
        [-1, '0', ''],
        [0.5, '0', ''],
      ] as const)
        expect(await lists.list({ search: 'muller', after, limit: 5 })).toEqual({ users: [], next: undefined });
    });

    it('follows changes, of a profile too, and forgets who is deleted', async () => {
      const id = await add(provider, { username: 'vera', name: 'Vera Lindqvist' });
      const users = provider.app.get(UsersService);
      await provider.execute(UpdateUser, { id, draft: { username: 'vera', name: 'Vera Öberg' } });
      expect(await search(provider, 'lindqvist')).toEqual([]);
      expect(await search(provider, 'oberg')).toEqual(['vera']);
      await provider.store.run(async (unit) => {
        const before = await users.lockAndRead(unit, id);
        if (before) await users.updateProfile(unit, before, { profile: { nickname: 'Vee-Vee' } }, provider.clock.now());
      });
      expect(await search(provider, 'oberg')).toEqual([]);
      expect(await search(provider, 'vee-vee')).toEqual(['vera']);
      await provider.store.run((unit) => users.remove(unit, id, provider.clock.now()));
      expect(await search(provider, 'vee-vee')).toEqual([]);
      const rows = statement('test.search_rows', 'SELECT user_id FROM user_search WHERE user_id = $1');
      expect(await provider.store.all(rows, id)).toEqual([]);
    });

    it('finds what an older process writes, and disturbs none of its statements', async () => {
      await run(provider, insertUser, 'older', 'Zacharias Older', 'zacharias@older.test', '{"nickname":"Zacko"}');
      expect(await search(provider, 'zacko')).toEqual(['older']);
      for (const [index, profile] of ['not json', '{"nickname":"\\ud800"}', '{"nickname":"\\u0000"}', '[]'].entries())
        await run(provider, insertUser, `odd-${index}`, 'Oddly Profiled', `odd-${index}@older.test`, profile);
      const odd = statement('test.search_odd', `SELECT user_id FROM user_search WHERE user_id LIKE 'odd-%'`);
      expect(await provider.store.all(odd)).toHaveLength(4);
      await run(provider, statement('test.search_delete', `DELETE FROM users WHERE username_key LIKE 'o%'`));
      expect(await search(provider, 'oddly')).toEqual([]);
    });
  });

  it('finds the accounts of a database that is migrated', async () => {
    const url = await engine.freshUrl();
    const steps = migrations.findIndex((step) => step.name === 'UserSearch1795950000721');
    const older = await openSource({ url, entities, migrations: migrations.slice(0, steps) });
    const newer = await openSource({ url, entities, migrations });
    try {
      await migrateUp(older);
      for (const id of ['before-1', 'before-2']) await insertRaw(older, id, 'Already Thére');
      expect(await migrateUp(newer)).toContain('UserSearchRows1795950000722');
      await insertRaw(older, 'after-1', 'Already Thére');
      const found = await newer.query<{ user_id: string }[]>('SELECT user_id FROM user_search ORDER BY number');
      expect(found.map((row) => row.user_id)).toEqual(['before-1', 'before-2', 'after-1']);
    } finally {
      await older.destroy();
      await newer.destroy();
    }
    const provider = await startProvider({ databaseUrl: url });
    expect(await search(provider, 'there')).toEqual(['before-1', 'before-2', 'after-1']);
    await provider.close();
  });

  it('pages through what more than ten thousand have in their names, and stops before it has read everybody', async () => {
    const provider = await startProvider({ databaseUrl: await engine.migratedUrl() });
    const people = 104_000;
    const numbers =
      provider.store.dialect === 'sqlite'
        ? `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${people}) SELECT`
        : `WITH n AS (SELECT generate_series(1, ${people}) AS n) SELECT`;
    const digits = `CAST(1000000 + n AS text)`;
    await run(
      provider,
      statement(
        `test.search_crowd_${provider.store.dialect}`,
        `INSERT INTO users (id, username, username_key, name, email_verified, created_at, updated_at)
         ${numbers} 'id-' || ${digits}, 'crowd-' || ${digits}, 'crowd-' || ${digits},
           CASE WHEN n > ${people - 12_000} THEN 'Lärge Group' ELSE NULL END, FALSE, 1, 1 FROM n ORDER BY n`,
      ),
    );
    const role = `INSERT INTO user_roles (user_id, role) SELECT id, $1 FROM users WHERE username_key LIKE 'crowd-' || $2`;
    const addRole = statement('test.search_roles', role);
    await run(provider, addRole, 'auditor', '10%');
    await run(provider, addRole, 'developer', '1092%');
    await add(provider, { username: 'last', name: 'The last of the crowd' });
    const of = (from: number, to = people): string[] =>
      Array.from({ length: to - from + 1 }, (_, index) => `crowd-${1_000_000 + from + index}`);

    // Twelve thousand in a row, at the end.
    const large = of(people - 11_999);
    expect(await search(provider, 'large group', 5000)).toEqual(large);
    // Few of a role, and more than are picked one by one.
    expect(await search(provider, { search: 'large group', role: 'developer' }, 300)).toEqual(of(92_001, 92_999));
    expect(await search(provider, { search: 'large group', role: 'auditor' }, 3000)).toEqual(of(92_001, 99_999));
    // Few of many.
    expect(await search(provider, '1077777')).toEqual(['crowd-1077777']);
    // All but the last one are listed before, by how their usernames begin: a bounded number of them is checked at a time.
    const lists = provider.app.get(UserLists);
    const pages: (readonly string[])[] = [];
    for (let after: Cursor | undefined = [2, '0', '']; after;) {
      const page = await lists.list({ search: 'crowd', after, limit: 5 });
      pages.push(page.users.map(({ username }) => username));
      expect(Number(page.next?.[1] ?? after[1]) - Number(after[1])).toBeLessThanOrEqual(22_000);
      after = page.next;
    }
    expect(pages).toEqual([[], [], [], [], ['last']]);
    await provider.close();
  });

  it('is carried along by a copy of the database', async () => {
    await buildProvider();
    const [from, to] = [await engine.migratedUrl(), await engine.freshUrl()];
    const provider = await startProvider({ databaseUrl: from });
    await add(provider, { username: 'copied', name: 'Copied Pérson' });
    const { secretKey } = provider;
    await provider.close();
    const env = { GATEHOUSE_DATABASE_URL: from, GATEHOUSE_SECRET_KEY: secretKey };
    const copy = async (): Promise<void> => expect((await runCommand(['store', 'copy', '--to', to], env)).code).toBe(0);
    await copy();
    await copy();
    const target = await startProvider({ databaseUrl: to, env: { GATEHOUSE_SECRET_KEY: secretKey } });
    expect(await search(target, 'ed pers')).toEqual(['copied']);
    await target.close();
  });

  it('has its index, which doctor looks for', async () => {
    const provider = await startProvider({ databaseUrl: await engine.migratedUrl() });
    const settings = loadSettings({ GATEHOUSE_SECRET_KEY: provider.secretKey });
    const patient = { app: provider.app, settings, now: epochSeconds(1_800_000_000) };
    expect(await runCheck('user search', patient)).toMatchObject({ state: 'ok' });
    await provider.close();
  });

  if (name === 'PostgreSQL')
    it('works without the extension where the role may not add it, until the owner of the database does', async () => {
      const url = new URL(await engine.freshUrl());
      const role = `limited_${Date.now()}`;
      await administer(url.href, `CREATE ROLE ${role} LOGIN PASSWORD 'limited'`);
      await administer(url.href, `GRANT CREATE ON SCHEMA public TO ${role}`);
      const limited = new URL(url);
      [limited.username, limited.password] = [role, 'limited'];
      const provider = await startProvider({ databaseUrl: limited.href });
      try {
        await add(provider, { username: 'u1', name: 'Jürgen Müller' });
        expect(await search(provider, 'muller')).toEqual(['u1']);
        const settings = loadSettings({ GATEHOUSE_SECRET_KEY: provider.secretKey });
        const patient = { app: provider.app, settings, now: epochSeconds(1_800_000_000) };
        const finding = await runCheck('user search', patient);
        expect(finding.state).toBe('warning');
        const typed = /CREATE EXTENSION.*;/.exec(finding.message)?.[0] ?? '';
        for (const text of typed.split(';').filter((each) => each.trim() !== '')) await administer(url.href, text);
        expect(await runCheck('user search', patient)).toMatchObject({ state: 'ok' });
        expect(await search(provider, 'muller')).toEqual(['u1']);
      } finally {
        await provider.close();
        await administer(url.href, `REASSIGN OWNED BY ${role} TO CURRENT_USER`);
        await administer(url.href, `DROP OWNED BY ${role}`);
        await administer(url.href, `DROP ROLE ${role}`);
      }
    });
});

async function insertRaw(source: DataSource, id: string, fullName: string): Promise<void> {
  await source.query(
    `INSERT INTO users (id, username, username_key, name, email_verified, created_at, updated_at)
     VALUES ('${id}', '${id}', '${id}', '${fullName}', FALSE, 1, 1)`,
  );
}
