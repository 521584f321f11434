import { Browser, formOf, type Answer } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

/** Addresses of the loopback network stand for other machines; no test uses one of another. */
let next = 2 * 256;
const otherAddress = (): string => {
  next++;
  return `127.${9 + (next >> 16)}.${(next >> 8) & 255}.${next & 255}`;
};

describe('failed logins are counted before a hash is computed', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_LOGIN_FAILURES: '3/900' } })));
  afterAll(() => provider.close());

  type Person = { username: string; password: string };
  const from = (localAddress = otherAddress()): Browser => new Browser({ localAddress });

  async function attempt(browser: Browser, username: string, password: string): Promise<Answer> {
    await browser.open(`${provider.issuer}/login`);
    return browser.submit({ username, password });
  }
  const fail = async (browser: Browser, username: string, times: number) => {
    for (let round = 0; round < times; round++) expect((await attempt(browser, username, 'wrong')).status).toBe(401);
  };
  const succeed = async (browser: Browser, person: Person) => {
    const answer = await attempt(browser, person.username, person.password);
    expect({ status: answer.status, at: browser.address }).toEqual({ status: 200, at: `${provider.issuer}/home` });
  };
  const logOut = async (browser: Browser) => {
    await browser.open(`${provider.issuer}/logout`);
    await browser.submit({ logout: 'yes' });
  };

  it('per account and address: 429 with Retry-After, the username kept, however right the password', async () => {
    const person = await provider.addUser();
    const browser = from();
    await fail(browser, person.username, 3);
    const answer = await attempt(browser, person.username, person.password);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.text).toContain(`value="${person.username}"`);
    expect(answer.text).not.toContain(person.password);
  });

  it('... which stops neither another account from there nor this account from elsewhere', async () => {
    const person = await provider.addUser();
    const address = otherAddress();
    await fail(from(address), person.username, 3);
    await succeed(from(address), await provider.addUser());
    await succeed(from(), person);
  });

  it('... and ends with its window', async () => {
    const person = await provider.addUser();
    const browser = from();
    await fail(browser, person.username, 3);
    expect((await attempt(browser, person.username, person.password)).status).toBe(429);
    provider.clock.advance(900);
    await succeed(browser, person);
  });

  it('counts an account that does not exist alike', async () => {
    const browser = from();
    await fail(browser, 'nobody-here', 3);
    expect((await attempt(browser, 'nobody-here', 'x')).status).toBe(429);
  });

  it('counts spellings of one username as one account', async () => {
    const browser = from();
    for (const name of ['spelling', 'SPELLING', 'ｓpelling'])
      expect((await attempt(browser, name, 'x')).status).toBe(401);
    expect((await attempt(browser, 'Spelling', 'x')).status).toBe(429);
  });

  it('per address: ten times as many over all accounts', async () => {
    const address = otherAddress();
    for (let account = 0; account < 10; account++) await fail(from(address), `guessed-${account}`, 3);
    const person = await provider.addUser();
    expect((await attempt(from(address), person.username, person.password)).status).toBe(429);
    await succeed(from(), person);
  });

  it('a successful login is not counted, and clears the count of its pair', async () => {
    const person = await provider.addUser();
    const address = otherAddress();
    for (let round = 0; round < 12; round++) await succeed(from(address), person);
    for (let round = 0; round < 3; round++) {
      await fail(from(address), person.username, 2);
      await succeed(from(address), person);
    }
  });

  it('parallel guesses do not outrun the count', async () => {
    const person = await provider.addUser();
    const browser = from();
    const page = await browser.open(`${provider.issuer}/login`);
    const guess = (password: string) => postLogin(browser, page, { username: person.username, password });
    const statuses = (await Promise.all(Array.from({ length: 20 }, (_each, index) => guess(`guess ${index}`)))).map(
      (answer) => answer.status,
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(17);
  });

  describe('per account, five times as many from all addresses: then', () => {
    let person: Person;
    let home: string;
    let ownBrowser: Browser;
    beforeEach(async () => {
      person = await provider.addUser();
      home = otherAddress();
      ownBrowser = from(home);
      await succeed(ownBrowser, person);
      await logOut(ownBrowser);
      for (let address = 0; address < 5; address++) await fail(from(), person.username, 3);
    });

    it('an unknown browser is rejected, even with the correct password', async () => {
      expect((await attempt(from(), person.username, person.password)).status).toBe(429);
    });

    it('the browser that has logged in before gets through from anywhere', async () => {
      const travelling = new Browser({ localAddress: otherAddress() });
      for (const name of ['gatehouse_browser', 'gatehouse_device'])
        travelling.setCookie(provider.host, name, ownBrowser.cookie(provider.host, name) ?? '');
      await succeed(travelling, person);
    });

    it('an address from which the account logged in within 30 days gets through with any browser', async () => {
      await succeed(from(home), person);
    });

    it('... and not after 30 days', async () => {
      provider.clock.advance(30 * 24 * 3600);
      for (let address = 0; address < 5; address++) await fail(from(), person.username, 3);
      expect((await attempt(from(home), person.username, person.password)).status).toBe(429);
    });

    it('a browser that is known for another account is unknown', async () => {
      const browser = from();
      await succeed(browser, await provider.addUser());
      await logOut(browser);
      expect((await attempt(browser, person.username, person.password)).status).toBe(429);
    });

    it('a device cookie is worth nothing in another browser, nor when it was changed', async () => {
      const cookie = ownBrowser.cookie(provider.host, 'gatehouse_device') ?? '';
      expect(cookie).not.toBe('');
      const thief = from();
      thief.setCookie(provider.host, 'gatehouse_device', cookie);
      expect((await attempt(thief, person.username, person.password)).status).toBe(429);
      const forger = from();
      forger.setCookie(provider.host, 'gatehouse_browser', ownBrowser.cookie(provider.host, 'gatehouse_browser') ?? '');
      forger.setCookie(
        provider.host,
        'gatehouse_device',
        cookie.replace(/\.(\d+)\./, (_match, since: string) => `.${Number(since) + 1}.`),
      );
      expect((await attempt(forger, person.username, person.password)).status).toBe(429);
    });

    it('the known browser has a count of its own', async () => {
      await fail(ownBrowser, person.username, 3);
      expect((await attempt(ownBrowser, person.username, person.password)).status).toBe(429);
    });
  });
});

describe('a thousand addresses against one account', () => {
  it('are stopped, and its owner gets through', async () => {
    const provider = await startProvider();
    try {
      const person = await provider.addUser();
      const owner = await provider.logIn(person, new Browser({ localAddress: otherAddress() }));
      const browser = new Browser();
      const page = await browser.open(`${provider.issuer}/login`);
      const statuses: number[] = [];
      for (let round = 0; round < 40; round++) {
        const answers = await Promise.all(
          Array.from({ length: 25 }, (_each, index) =>
            postLogin(
              browser,
              page,
              { username: person.username, password: `guess ${round} ${index}` },
              otherAddress(),
            ),
          ),
        );
        statuses.push(...answers.map((answer) => answer.status));
      }
      expect(statuses.filter((status) => status === 401)).toHaveLength(50);
      expect(statuses.filter((status) => status === 429)).toHaveLength(950);
      await owner.open(`${provider.issuer}/logout`);
      await owner.submit({ logout: 'yes' });
      await provider.logIn(person, owner);
    } finally {
      await provider.close();
    }
  }, 60_000);
});

describe('GATEHOUSE_THROTTLE=off', () => {
  it('counts nothing', async () => {
    const provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off', GATEHOUSE_LOGIN_FAILURES: '1/900' } });
    try {
      const browser = new Browser();
      await browser.open(`${provider.issuer}/login`);
      for (let round = 0; round < 5; round++)
        expect((await browser.submit({ username: 'anybody', password: 'x' })).status).toBe(401);
    } finally {
      await provider.close();
    }
  });
});

function postLogin(
  browser: Browser,
  page: Answer,
  fields: Readonly<Record<string, string>>,
  localAddress?: string,
): Promise<Answer> {
  const url = new URL('/login', browser.address);
  const csrf = formOf(page.text).fields.filter(([name]) => name === 'csrf');
  return browser.send(url.href, {
    method: 'POST',
    body: new URLSearchParams([...csrf, ...Object.entries(fields)]).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: url.origin },
    ...(localAddress === undefined ? {} : { localAddress }),
  });
}
