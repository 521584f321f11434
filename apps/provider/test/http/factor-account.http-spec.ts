import { UpdateSettings } from '../../src/settings/administration/operations/update-settings';
import { Browser, type Answer } from '../support/browser';
import { addApp, giveFactor, givePassword, linkTo, type App } from '../support/factors';
import { fieldsOf, type Fields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

let provider: TestProvider;
beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_LOGIN_FAILURES: '3/900' } })));
afterAll(() => provider.close());

type Person = Awaited<ReturnType<TestProvider['addUser']>>;
const at = (path: string): string => `${provider.base}${path}`;

async function personWithApp(password?: string): Promise<{ user: Person; app: App; browser: Browser }> {
  const user = await provider.addUser(password === undefined ? {} : { password });
  const browser = await provider.logIn(user);
  const app = await addApp(provider, browser);
  provider.clock.advance(30);
  return { user, app, browser };
}

async function post(browser: Browser, path: string, fields: Fields, page = path): Promise<Answer> {
  await browser.open(at(page));
  const csrf = fieldsOf(browser).filter(([name]) => name === 'csrf');
  expect(csrf).toHaveLength(1);
  return browser.send(at(path), {
    method: 'POST',
    body: new URLSearchParams([...csrf, ...fields.map(([name, value]): [string, string] => [name, value])]).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
  });
}

async function isHome(browser: Browser): Promise<boolean> {
  await browser.open(at('/home'));
  return browser.address === at('/home');
}

/** Out, and in again by the password alone. @returns whether that was enough */
async function passwordIsEnough(browser: Browser, user: { username: string; password: string }): Promise<boolean> {
  await browser.open(at('/logout'));
  await browser.submit({ logout: 'yes' });
  await browser.open(at('/login'));
  await givePassword(provider, user, browser);
  return browser.address === at('/home');
}

describe('a trusted browser', () => {
  async function trustedBrowser(days = '7'): Promise<{ user: Person; app: App; browser: Browser; here: Browser }> {
    const person = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, person.user, browser);
    expect(browser.page?.text).toContain('Don’t ask again in this browser for');
    await giveFactor(browser, { otp: person.app.code(), trust: days });
    return { ...person, here: person.browser, browser };
  }

  it('is not asked for the chosen while, and then again', async () => {
    const { user, browser } = await trustedBrowser();
    expect(await passwordIsEnough(browser, user)).toBe(true);
    provider.clock.advance(7 * 24 * 3600);
    expect(await passwordIsEnough(browser, user)).toBe(false);
  });

  it('is none for longer than an administrator allows since', async () => {
    const { user, browser } = await trustedBrowser();
    provider.clock.advance(3600);
    await provider.execute(UpdateSettings, { changes: { trusted_browser_lifetime: '7200' } });
    expect(await passwordIsEnough(browser, user)).toBe(true);
    await provider.execute(UpdateSettings, { changes: { trusted_browser_lifetime: '3600' } });
    expect(await passwordIsEnough(browser, user)).toBe(false);
    await provider.execute(UpdateSettings, { changes: { trusted_browser_lifetime: null } });
  });

  it.each(['0', '', '3', '365', '-1', 'NaN'])('is none for a while of %p', async (days) => {
    const { user, browser } = await trustedBrowser(days);
    expect(await passwordIsEnough(browser, user)).toBe(false);
  });

  it('its cookie is worth nothing in another browser, nor for another person', async () => {
    const { browser } = await trustedBrowser();
    const value = browser.cookie(provider.host, 'gatehouse_trusted') ?? '';
    expect(value).not.toBe('');
    const { user } = await trustedBrowser();
    const thief = new Browser();
    await thief.open(at('/login'));
    thief.setCookie(provider.host, 'gatehouse_trusted', value);
    await givePassword(provider, user, thief);
    expect(thief.address).toContain('/login/factor');
    const other = await personWithApp();
    await browser.open(at('/logout'));
    await browser.submit({ logout: 'yes' });
    await browser.open(at('/login'));
    await givePassword(provider, other.user, browser);
    expect(browser.address).toContain('/login/factor');
  });

  it('ends with a new password, however it was stolen', async () => {
    const { user, browser, here } = await trustedBrowser();
    const stolen = browser.clone();
    const changed = await post(here, '/account', [
      ['currentPassword', user.password],
      ['newPassword', 'another one'],
      ['action', 'password'],
    ]);
    expect(changed.status).toBe(303);
    expect(await passwordIsEnough(stolen, { username: user.username, password: 'another one' })).toBe(false);
  });

  it('is listed, and ended by its person alone', async () => {
    const { user, browser, here } = await trustedBrowser();
    const page = await here.open(at('/account/factors'));
    const selector = /name="browser" value="(\d+)"/.exec(page.text)?.[1] ?? '';
    const fields: Fields = [
      ['browser', selector],
      ['action', 'end-browser'],
    ];
    await post((await personWithApp()).browser, '/account/factors', fields);
    expect(await passwordIsEnough(browser.clone(), user)).toBe(true);
    expect((await post(here, '/account/factors', fields)).status).toBe(303);
    expect(await passwordIsEnough(browser, user)).toBe(false);
  });

  it('is not enough to change factors: the second one is asked for', async () => {
    const { user, app, browser } = await trustedBrowser();
    expect(await passwordIsEnough(browser, user)).toBe(true);
    const page = await browser.open(at('/account/factors/remove?factor=totp'));
    expect(page.text).toContain('This browser skipped your second factor');
    const href = linkTo(browser, '/login/factor?next=');
    const refused = await post(browser, '/account/factors/remove', [['factor', 'totp']], '/account/factors');
    expect([refused.status, refused.location?.startsWith(at('/login/factor?next='))]).toEqual([303, true]);
    provider.clock.advance(30);
    await browser.open(href);
    await giveFactor(browser, { otp: app.code() });
    expect(browser.address).toBe(at('/account/factors/remove?factor=totp'));
    expect(browser.page?.text).toContain('Remove it');
  });

  it('is not offered where GATEHOUSE_TRUSTED_BROWSER_LIFETIME is 0', async () => {
    const strict = await startProvider({ env: { GATEHOUSE_TRUSTED_BROWSER_LIFETIME: '0' } });
    try {
      const user = await strict.addUser();
      const app = await addApp(strict, await strict.logIn(user));
      strict.clock.advance(30);
      const browser = new Browser();
      await givePassword(strict, user, browser);
      expect(browser.page?.text).not.toContain('name="trust"');
      await giveFactor(browser, { otp: app.code(), trust: '1' });
      expect(browser.cookie(strict.host, 'gatehouse_trusted')).toBeUndefined();
    } finally {
      await strict.close();
    }
  });
});

describe('guesses at a second factor', () => {
  it('are counted like passwords, per person and address; the right one does not help past the limit', async () => {
    const { user, app } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    for (let n = 0; n < 3; n++) expect((await giveFactor(browser, { otp: '000000' })).status).toBe(401);
    const refused = await giveFactor(browser, { otp: app.code() });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await giveFactor(browser, { action: 'recovery', recovery: app.recoveryCodes[0] ?? '' })).status).toBe(429);
    provider.clock.advance(901);
    await givePassword(provider, user, browser);
    await browser.open(at('/login/factor'));
    expect((await giveFactor(browser, { otp: app.code() })).status).toBe(200);
  });

  it('are limited per user over all addresses, even for those who know the password', async () => {
    const { user, app } = await personWithApp();
    let seen = 0;
    for (let place = 1; place <= 8; place++) {
      const browser = new Browser({ localAddress: `127.77.0.${place}` });
      await givePassword(provider, user, browser);
      for (let n = 0; n < 3; n++) if ((await giveFactor(browser, { otp: '000000' })).status === 401) seen++;
    }
    expect(seen).toBe(15);
    const late = new Browser({ localAddress: '127.77.1.1' });
    await givePassword(provider, user, late);
    expect((await giveFactor(late, { otp: app.code() })).status).toBe(429);
  });

  it('lock the app after a hundred wrong codes in a row, until another factor is used (NIST SP 800-63B-4 3.2.2)', async () => {
    const lenient = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    try {
      const user = await lenient.addUser();
      const app = await addApp(lenient, await lenient.logIn(user));
      lenient.clock.advance(30);
      const browser = new Browser();
      await givePassword(lenient, user, browser);
      for (let n = 0; n < 100; n++) await giveFactor(browser, { otp: '000000' });
      expect((await giveFactor(browser, { otp: app.code() })).status).toBe(401);
      expect(browser.page?.text).toContain('locked');
      expect((await giveFactor(browser, { action: 'recovery', recovery: app.recoveryCodes[0] ?? '' })).status).toBe(
        200,
      );
      const again = new Browser();
      await givePassword(lenient, user, again);
      expect((await giveFactor(again, { otp: app.code() })).status).toBe(200);
    } finally {
      await lenient.close();
    }
  });
});

describe("a person's own page of factors", () => {
  it('asks for a login at most ten minutes old before anything changes, and comes back', async () => {
    const { user, app, browser } = await personWithApp();
    provider.clock.advance(601);
    const overview = await browser.open(at('/account/factors'));
    expect(overview.text).toContain('older than 10 minutes');
    for (const [path, fields] of [
      ['/account/factors', [['action', 'new-codes']]],
      [
        '/account/factors/remove',
        [
          ['factor', 'totp'],
          ['password', user.password],
        ],
      ],
    ] as [string, Fields][])
      expect((await post(browser, path, fields, '/account/factors')).location).toContain('/login?next=');
    await browser.open(at('/account/factors'));
    await browser.open(linkTo(browser, '/login?next='));
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/login/factor');
    await giveFactor(browser, { otp: app.code() });
    expect(browser.address).toBe(at('/account/factors'));
    expect(browser.page?.text).not.toContain('older than 10 minutes');
  });

  it('removes the last one only with the password, which must be long enough alone', async () => {
    const { user, browser } = await personWithApp('gT4!xw9Q');
    const remove = (password: string) =>
      post(
        browser,
        '/account/factors/remove',
        [
          ['factor', 'totp'],
          ['password', password],
        ],
        '/account/factors/remove?factor=totp',
      );
    expect((await remove('wrong password')).text).toContain('This is not your current password');
    expect((await remove(user.password)).text).toContain('at least 15 characters: change it first');
    const longer = 'a longer password than before';
    const changed = await post(browser, '/account', [
      ['currentPassword', user.password],
      ['newPassword', longer],
      ['action', 'password'],
    ]);
    expect(changed.status).toBe(303);
    expect((await remove(longer)).status).toBe(303);
    expect(await passwordIsEnough(new Browser(), { username: user.username, password: longer })).toBe(true);
    const left = await provider.store.reader.query<unknown[]>(
      `SELECT 1 FROM recovery_codes WHERE user_id = '${user.id}'`,
    );
    expect(left).toHaveLength(0);
  });

  it('lets a password have eight characters beside a factor, and fifteen alone (NIST SP 800-63B-4 3.1.1.2)', async () => {
    const change = (browser: Browser, user: Person) =>
      post(browser, '/account', [
        ['currentPassword', user.password],
        ['newPassword', 'gT4!xw9Q'],
        ['action', 'password'],
      ]);
    const alone = await provider.addUser();
    expect((await change(await provider.logIn(alone), alone)).text).toContain('at least 15 characters');
    const { user, browser } = await personWithApp();
    expect((await change(browser, user)).status).toBe(303);
  });

  it("another person's factor is as if it were not there", async () => {
    const { browser } = await personWithApp();
    expect((await browser.open(at('/account/factors/remove?factor=01234567-89ab-7def-8123-456789abcdef'))).status).toBe(
      404,
    );
    const nobody = await provider.logIn(await provider.addUser());
    expect((await nobody.open(at('/account/factors/remove?factor=totp'))).status).toBe(404);
  });

  it('says on an IP address that passkeys need a host name', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const page = await browser.open(at('/account/passkeys'));
    expect(page.text).toContain('Passkeys need a host name');
    expect(page.text).not.toContain('data-passkey=');
    expect((await new Browser().open(at('/login'))).text).not.toContain('data-passkey=');
  });
});

describe('an administrator', () => {
  it("resets a person's factors by their name: sessions end, the password alone logs in", async () => {
    const { user, browser } = await personWithApp();
    const boss = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    expect((await boss.open(at(`/user/update/${user.id}`))).text).toContain(`/user/factors/${user.id}`);
    const path = `/user/factors/${user.id}`;
    expect((await post(boss, path, [['username', 'somebody else']])).status).toBe(422);
    expect((await post(boss, path, [['username', user.username]])).status).toBe(303);
    expect(await isHome(browser)).toBe(false);
    expect(await passwordIsEnough(new Browser(), user)).toBe(true);
  });

  it('alone may do so', async () => {
    const { user } = await personWithApp();
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    expect((await developer.open(at(`/user/factors/${user.id}`))).status).toBe(403);
    expect((await post(developer, `/user/factors/${user.id}`, [['username', user.username]], '/account')).status).toBe(
      403,
    );
  });
});
