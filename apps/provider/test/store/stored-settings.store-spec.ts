import { statement, type SqlValue, type StatementText, type Unit } from '@gatehouse/platform/database/store';
import { OperationError } from '../../src/operations/operation-error';
import { CurrentSettings } from '../../src/settings/current-settings';
import { UpdateSettings } from '../../src/settings/administration/operations/update-settings';
import { SettingsOverview } from '../../src/settings/administration/settings-overview.service';
import { StoredSettings } from '../../src/settings/stored-settings.service';
import { revisionOf } from '../../src/web/revision';
import { adminApi } from '../support/admin-api';
import { send } from '../support/browser';
import { engines } from '../support/engines';
import { authorize, redeem, startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

/** The milliseconds until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await isSo())) {
    if (performance.now() - began > 10_000) throw new Error('not within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - began;
}

/** The names of all statements while something runs. */
async function namesDuring(store: TestProvider['store'], task: () => Promise<unknown>): Promise<readonly string[]> {
  const names: string[] = [];
  const noted = (unit: Unit): Unit =>
    new Proxy(unit, {
      get(target, member) {
        const value: unknown = Reflect.get(target, member);
        if (typeof value !== 'function') return value;
        return (...values: unknown[]): unknown => {
          const [text] = values as { readonly name?: string }[];
          if (text?.name !== undefined) names.push(text.name);
          return Reflect.apply(value, target, values) as unknown;
        };
      },
    });
  const [run, all, one] = [store.run.bind(store), store.all.bind(store), store.one.bind(store)];
  const spies = [
    jest.spyOn(store, 'run').mockImplementation((work) => run((unit) => work(noted(unit)))),
    jest.spyOn(store, 'all').mockImplementation((text: StatementText, ...values: SqlValue[]) => {
      names.push(text.name);
      return all(text, ...values);
    }),
    jest.spyOn(store, 'one').mockImplementation((text: StatementText, ...values: SqlValue[]) => {
      names.push(text.name);
      return one(text, ...values);
    }),
  ];
  try {
    await task();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return names;
}

describe.each(engines)('settings in a database that two processes share, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let one: TestProvider;
  let other: TestProvider;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    one = await startProvider({ databaseUrl });
    other = await startProvider({ databaseUrl, env: { GATEHOUSE_SECRET_KEY: one.secretKey } });
  });
  afterAll(async () => {
    await other.close();
    await one.close();
    await engine.stop();
  });

  it('are used within a second by the process in which they were not changed', async () => {
    const api = await adminApi(one);
    const signUp = (status: number) => async (): Promise<boolean> =>
      (await send(`${other.base}/sign-up`)).status === status;
    const title = (name: string) => async (): Promise<boolean> =>
      (await send(`${other.base}/login`)).text.includes(`· ${name}</title>`);
    const times: number[] = [];
    for (const name of ['Birchwood', 'Otter', 'Alder']) {
      expect((await api.call('PATCH', 'settings', { sign_up: 'open', product_name: name })).status).toBe(200);
      times.push(await until(title(name)), await until(signUp(200)));
      expect((await api.call('PATCH', 'settings', { sign_up: null, product_name: null })).status).toBe(200);
      times.push(await until(title('Gatehouse')), await until(signUp(403)));
    }
    expect(Math.max(...times)).toBeLessThan(1000);
  });

  it('are read by no request: neither by a sign-in, nor by an authorization with its tokens', async () => {
    const registered = await one.addClient();
    const person = await one.addUser();
    const names = await namesDuring(one.store, async () => {
      const { code, verifier } = await authorize(one, await one.logIn(person), registered.client);
      expect((await redeem(one, registered, code, verifier)).status).toBe(200);
    });
    expect(names).toEqual(expect.arrayContaining(['users.find_by_name', 'sessions.find', 'role_requirements.all']));
    expect(names.filter((name) => name.startsWith('stored_settings.'))).toEqual([]);
  });

  it('are read by a process that starts later', async () => {
    await one.execute(UpdateSettings, { changes: { session_idle_lifetime: '1234' } });
    const later = await startProvider({
      databaseUrl: one.databaseUrl,
      env: { GATEHOUSE_SECRET_KEY: one.secretKey, GATEHOUSE_SESSION_IDLE_LIFETIME: '1000' },
    });
    try {
      // What the environment of this process sets is its floor.
      expect(later.app.get(CurrentSettings).current().sessionIdleLifetimeSeconds).toBe(1000);
      await one.execute(UpdateSettings, { changes: { session_idle_lifetime: '999' } });
      await until(() => Promise.resolve(later.app.get(CurrentSettings).current().sessionIdleLifetimeSeconds === 999));
    } finally {
      await later.close();
    }
    await one.execute(UpdateSettings, { changes: { session_idle_lifetime: null } });
  });

  it('change only once on the basis of one revision, however many ask at the same time', async () => {
    const revision = revisionOf((await one.app.get(SettingsOverview).list()).record);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_each, index) =>
        (index % 2 === 0 ? one : other).execute(UpdateSettings, {
          changes: { product_name: `Name ${index}` },
          revision,
        }),
      ),
    );
    const failures = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(failures).toHaveLength(9);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'changed' });
    expect(failures[0]).toBeInstanceOf(OperationError);
    await one.execute(UpdateSettings, { changes: { product_name: null } });
  });

  it('are not used where the change is rolled back', async () => {
    const stored = one.app.get(StoredSettings);
    const rolledBack = one.store.run(async (unit) => {
      await stored.change(unit, await stored.lockAndRead(unit), { productName: 'Undone' }, one.clock.now());
      throw new Error('undone');
    });
    await expect(rolledBack).rejects.toThrow('undone');
    await new Promise((resolve) => setTimeout(resolve, 700));
    for (const each of [one, other]) expect(each.app.get(CurrentSettings).current().productName).toBe('Gatehouse');
  });

  it('ignore what a later version stored', async () => {
    const insert = statement(
      'test.later_setting',
      `INSERT INTO stored_settings (name, value, updated_at) VALUES ('later', 'x', 0), ('signUp', 'waiting-list', 0)`,
    );
    await one.store.run((unit) => unit.change(insert));
    await one.execute(UpdateSettings, { changes: { product_name: 'Birchwood' } });
    expect(one.app.get(CurrentSettings).current()).toMatchObject({ productName: 'Birchwood', signUp: 'off' });
    await until(() => Promise.resolve(other.app.get(CurrentSettings).current().productName === 'Birchwood'));
    expect(other.app.get(CurrentSettings).current().signUp).toBe('off');
  });
});
