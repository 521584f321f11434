import { Browser, send, type Answer } from '../support/browser';
import { PasswordRules } from '../../src/users/credentials/password-rules';
import { startProvider, type TestProvider } from '../support/provider';

describe('signing up', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } })));
  afterAll(() => provider.close());

  const password = 'a few words make a good one';
  let names = 0;
  const fresh = () => `newcomer-${++names}`;
  async function open(browser = new Browser()): Promise<Browser> {
    expect((await browser.open(`${provider.issuer}/sign-up`)).status).toBe(200);
    return browser;
  }

  it('makes an account of the role user and logs in', async () => {
    const browser = await open();
    const username = fresh();
    const answer = await browser.submit({
      username,
      name: 'New Comer',
      email: 'new@example.com',
      password,
      roles: 'admin',
      role: 'admin',
    });
    expect(answer.status).toBe(200);
    expect(browser.address).toBe(`${provider.issuer}/home`);
    expect(answer.text).toContain(username);
    expect((await browser.open(`${provider.issuer}/user`)).status).toBe(403);
    await provider.logIn({ username, password });
  });

  it.each<[string, Record<string, string>, string]>([
    ['no username', { username: '' }, 'Enter a username.'],
    ['a username of forbidden characters', { username: 'a b' }, 'Use only letters'],
    ['a username that is too long', { username: 'a'.repeat(65) }, 'at most 64'],
    ['an e-mail address that is none', { email: 'nobody' }, 'not an e-mail address'],
    ['a short password', { password: 'short' }, 'Use at least 15 characters'],
    ['a password that is too long', { password: 'p'.repeat(257) }, 'Use at most 256'],
  ])(
    'shows the form again with a message for %s; what was typed stays, the password does not',
    async (_name, fields, message) => {
      const browser = await open();
      const typed = { username: fresh(), name: 'Typed Name', email: 'typed@example.com', password, ...fields };
      const answer = await browser.submit(typed);
      expect(answer.status).toBe(422);
      expect(answer.text).toContain(message);
      expect(answer.text).toContain('value="Typed Name"');
      expect(answer.text).not.toContain(typed.password);
      expect(browser.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
    },
  );

  it.each(['TAKEN', 'taken', 'ｔaken'])(
    'refuses a username that is taken, however it is written: %s',
    async (username) => {
      const browser = await open();
      await browser.submit({ username: 'taken', password });
      const other = await open(new Browser());
      const answer = await other.submit({ username, password });
      expect(answer.status).toBe(422);
      expect(other.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
    },
  );

  it('two at once for one username make one account', async () => {
    const username = fresh();
    const browsers = await Promise.all(Array.from({ length: 5 }, () => open(new Browser())));
    const answers = await Promise.all(browsers.map((browser) => browser.submit({ username, password })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 422, 422, 422, 422]);
  });

  it('rejects a form without CSRF token, and keeps what was typed but the password', async () => {
    const browser = await open();
    const username = fresh();
    const answer = await browser.submit({ username, password }, { without: ['csrf'] });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(`value="${username}"`);
    expect(answer.text).not.toContain(password);
    expect((await browser.submit({ password })).status).toBe(200);
  });

  it('is bounded by address: 30 accounts an hour', async () => {
    const statuses = [];
    for (let round = 0; round < 31; round++) {
      const browser = await open(new Browser({ localAddress: '127.0.7.7' }));
      statuses.push((await browser.submit({ username: fresh(), password })).status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(30);
    expect(statuses.at(-1)).toBe(429);
    const elsewhere = await open(new Browser({ localAddress: '127.0.7.8' }));
    expect((await elsewhere.submit({ username: fresh(), password })).status).toBe(200);
  });

  it('is bounded by address: 150 passwords an hour, those that are rejected among them, before the rules look at one', async () => {
    const browser = await open(new Browser({ localAddress: '127.0.7.9' }));
    const rules = jest.spyOn(provider.app.get(PasswordRules), 'problem');
    try {
      const statuses = [];
      for (let round = 0; round < 152; round++)
        statuses.push((await browser.submit({ username: 'newcomer', password: 'short' })).status);
      expect(statuses).toEqual([...Array.from({ length: 150 }, () => 422), 429, 429]);
      expect(rules).toHaveBeenCalledTimes(150);
    } finally {
      rules.mockRestore();
    }
  });

  describe('while one address sends many passwords that take long to estimate', () => {
    const slow = '/\\/\\|\\/||<|>|_|()|_||\\||3|)(_)(_|:|=/-/|';
    // Passes every rule but the estimate.
    const weak = 'dragonfootball1';

    async function flood(localAddress: string, username: (index: number) => string): Promise<Promise<Answer>[]> {
      const browsers = await Promise.all(Array.from({ length: 70 }, () => open(new Browser({ localAddress }))));
      return browsers.map((each, index) => each.submit({ username: username(index), password: slow + String(index) }));
    }

    it('rejects a weak password of another, and what is too much of the one', async () => {
      const other = await open(new Browser({ localAddress: '127.0.8.2' }));
      const answers = await flood('127.0.8.1', () => fresh());
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect((await other.submit({ username: fresh(), password: weak })).status).toBe(422);
      const refused = (await Promise.all(answers)).filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(20);
      for (const { headers, text } of refused)
        expect([headers['retry-after'], text.includes('passwords.too_many')]).toEqual(['2', true]);
    });

    it('estimates none whose username is rejected in any case', async () => {
      const statuses = (await Promise.all(await flood('127.0.8.3', () => 'admin!bad'))).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([422]));
    });
  });

  it('is off unless GATEHOUSE_SIGN_UP says otherwise: 403, and no link on the login page', async () => {
    const closed = await startProvider();
    try {
      const answer = await send(`${closed.issuer}/sign-up`, { headers: { Accept: 'text/html' } });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('sign_up.off');
      const browser = new Browser();
      expect((await browser.open(`${closed.issuer}/login`)).text).not.toContain('/sign-up');
      const posted = await browser.send(`${closed.issuer}/sign-up`, {
        method: 'POST',
        body: new URLSearchParams({ username: 'x', password }).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: closed.issuer },
      });
      expect(posted.status).toBe(403);
    } finally {
      await closed.close();
    }
  });
});
