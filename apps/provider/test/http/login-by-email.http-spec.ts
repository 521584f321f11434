import { statement, type SqlValue, type StatementText, type Unit } from '@gatehouse/platform/database/store';
import { PasswordHasher } from '../../src/users/credentials/password-hasher';
import { Browser, type Answer } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

let machine = 0;
/** Addresses of the loopback network stand for other machines. */
const from = (): Browser => new Browser({ localAddress: `127.31.${++machine >> 8}.${machine & 255}` });

describe('sign-in with an e-mail address', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_LOGIN_FAILURES: '3/900' } })));
  afterAll(() => provider.close());

  async function attempt(name: string, password: string, browser = from()): Promise<Answer & { at: string }> {
    await browser.open(`${provider.issuer}/login`);
    const answer = await browser.submit({ username: name, password });
    return Object.assign(answer, { at: browser.address });
  }

  it('starts a session by a confirmed address, in whatever case it is typed', async () => {
    const user = await provider.addUser({ email: 'Ada@Mail.test', emailVerified: true });
    for (const name of ['Ada@Mail.test', ' ada@mail.TEST ']) {
      const answer = await attempt(name, user.password);
      expect({ status: answer.status, at: answer.at }).toEqual({ status: 200, at: `${provider.issuer}/home` });
    }
  });

  it('asks for either on the page, and says so when they do not match', async () => {
    const browser = from();
    expect((await browser.open(`${provider.issuer}/login`)).text).toContain('Username or e-mail');
    const answer = await browser.submit({ username: 'nobody@mail.test', password: 'x' });
    expect(answer.text).toContain('Wrong username or password.');
  });

  it('rejects an unconfirmed address', async () => {
    const user = await provider.addUser({ email: 'unproven@mail.test' });
    expect((await attempt('unproven@mail.test', user.password)).status).toBe(401);
    expect((await attempt(user.username, user.password)).status).toBe(200);
  });

  it('rejects an address that two accounts have confirmed: it does not say which one', async () => {
    const people = [
      await provider.addUser({ email: 'shared@mail.test', emailVerified: true, password: 'first long password' }),
      await provider.addUser({ email: 'shared@mail.test', emailVerified: true, password: 'second long password' }),
    ];
    for (const person of people) {
      expect((await attempt('shared@mail.test', person.password)).status).toBe(401);
      expect((await attempt(person.username, person.password)).status).toBe(200);
    }
  });

  it('prefers the account whose username is the text that was typed', async () => {
    const owner = await provider.addUser({ email: 'both@mail.test', emailVerified: true, password: 'of the mailbox' });
    const namesake = await provider.addUser({ username: 'both@mail.test', password: 'of the username' });
    expect((await attempt('both@mail.test', namesake.password)).status).toBe(200);
    expect((await attempt('both@mail.test', owner.password)).status).toBe(401);
  });

  it('counts alike for known and unknown addresses, in whichever form they are typed', async () => {
    await provider.addUser({ email: 'victim@mail.test', emailVerified: true });
    for (const name of ['victim', 'absent']) {
      const browser = from();
      const statuses: number[] = [];
      // U+FF40 and following are full-width letters: NFKC makes ASCII of them.
      const wide = String.fromCodePoint((name.codePointAt(0) ?? 0) + 0xfee0) + name.slice(1);
      for (const typed of [wide, wide, wide, wide, name])
        statuses.push((await attempt(`${typed}@mail.test`, 'wrong', browser)).status);
      expect(statuses).toEqual([401, 401, 401, 429, 429]);
    }
  });

  it('counts failures under the account, whichever name was typed', async () => {
    const user = await provider.addUser({ email: 'counted@mail.test', emailVerified: true });
    const browser = from();
    for (const name of [user.username, 'counted@mail.test', 'COUNTED@mail.test'])
      expect((await attempt(name, 'wrong', browser)).status).toBe(401);
    expect((await attempt('counted@mail.test', user.password, browser)).status).toBe(429);
    expect((await attempt(user.username, user.password, browser)).status).toBe(429);
  });

  it('counts a name that is typed like the key of an account apart from that account', async () => {
    const user = await provider.addUser();
    const browser = from();
    for (const name of [`user:${user.id}`, `passkey:${user.id}`, user.id])
      expect((await attempt(name, 'wrong', browser)).status).toBe(401);
    expect((await attempt(user.username, user.password, browser)).status).toBe(200);
  });

  it('runs the same statements and one hash for a known username, a known address and unknown ones', async () => {
    const user = await provider.addUser({ email: 'measured@mail.test', emailVerified: true });
    const traces = [];
    for (const name of [user.username, 'measured@mail.test', 'nobody', 'nobody@mail.test'])
      traces.push(await traceOf(provider, await opened(), name));
    expect(traces[0]?.filter((each) => each === 'hash')).toHaveLength(1);
    expect(traces[0]).toContain('known_addresses.find');
    for (const trace of traces) expect(trace).toEqual(traces[0]);
  });

  async function opened(): Promise<Browser> {
    const browser = from();
    await browser.open(`${provider.issuer}/login`);
    return browser;
  }

  it('reads an unconfirmed address of many accounts no slower', async () => {
    const claim = statement(
      'test.claim_address',
      `INSERT INTO users (id, username, username_key, email, email_key, email_verified, created_at, updated_at)
       VALUES ($1, $1, $1, 'claimed@mail.test', 'claimed@mail.test', FALSE, 1, 1)`,
    );
    await provider.store.run(async (unit) => {
      for (let number = 0; number < 20; number++) await unit.change(claim, `claims-${number}`);
    });
    const plan = await provider.store.all<{ detail: string }>(
      statement(
        'test.explain_confirmed',
        `EXPLAIN QUERY PLAN SELECT id FROM users WHERE email_key = 'claimed@mail.test' AND email_verified = TRUE LIMIT 2`,
      ),
    );
    expect(plan.map(({ detail }) => detail).join()).toContain('users_confirmed_email');
  });
});

/** What a sign-in with a wrong password does, in order: names of statements on accounts and counts, and `hash`. */
async function traceOf(provider: TestProvider, browser: Browser, username: string): Promise<string[]> {
  const trace: string[] = [];
  const { store } = provider;
  const hasher = provider.app.get(PasswordHasher);
  const run = store.run.bind(store);
  const [all, one, verify] = [store.all.bind(store), store.one.bind(store), hasher.verify.bind(hasher)];
  const spies = [
    jest.spyOn(store, 'run').mockImplementation((work) => run((unit) => work(traced(unit, trace)))),
    jest
      .spyOn(store, 'all')
      .mockImplementation(
        (text: StatementText, ...values: SqlValue[]) => (trace.push(text.name), all(text, ...values)),
      ),
    jest
      .spyOn(store, 'one')
      .mockImplementation(
        (text: StatementText, ...values: SqlValue[]) => (trace.push(text.name), one(text, ...values)),
      ),
    jest.spyOn(hasher, 'verify').mockImplementation((...values) => (trace.push('hash'), verify(...values))),
  ];
  try {
    expect((await browser.submit({ username, password: 'wrong' })).status).toBe(401);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return trace.filter((name) =>
    /^(hash$|users\.|user_roles\.|known_addresses\.|login_failures\.|audit_events\.)/.test(name),
  );
}

/** The unit itself; it notes the name of each statement that runs in it. */
function traced(unit: Unit, trace: string[]): Unit {
  return new Proxy(unit, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]): unknown => {
        const [text] = values as { readonly name?: string }[];
        if (text?.name !== undefined) trace.push(text.name);
        return Reflect.apply(value, target, values) as unknown;
      };
    },
  });
}
