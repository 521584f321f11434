import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser, send } from '../support/browser';
import { addApp, giveFactor, givePassword } from '../support/factors';
import { startProvider, type TestProvider } from '../support/provider';
import { SetUserState } from '../../src/users/operations/set-user-state';

describe('a one-time link that sets a password', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const password = 'a password made just now';
  const linkFor = (userId: string) =>
    provider.store.run((unit) =>
      provider.app.get(OneTimeLinks).create(unit, { userId, purpose: 'set-password' }, provider.clock.now()),
    );
  const signInLinkFor = (userId: string) =>
    provider.store.run((unit) =>
      provider.app
        .get(OneTimeLinks)
        .create(unit, { userId, purpose: 'set-password', signsIn: true }, provider.clock.now()),
    );
  async function begin() {
    const user = await provider.addUser();
    const url = await linkFor(user.id);
    const browser = new Browser();
    return { user, url, browser, page: await browser.open(url) };
  }
  const expectSpent = async (url: string) => {
    const answer = await send(url, { headers: { Accept: 'text/html' } });
    expect(answer.status).toBe(410);
    expect(answer.text).toContain('link.spent');
  };

  it('is printed by the first start, for the administrator', async () => {
    expect(provider.adminLink).toMatch(new RegExp(`^${provider.issuer}/password/set\\?token=[0-9a-z]+\\.[\\w-]{43}$`));
    const browser = new Browser();
    await browser.open(provider.adminLink ?? '');
    expect((await browser.submit({ password })).status).toBe(200);
    const admin = await provider.logIn({ username: 'admin', password });
    expect((await admin.open(`${provider.issuer}/user`)).status).toBe(200);
    // The sign-in by the link is complete and recent: it may add a user, which asks for one that is.
    expect(browser.address).toBe(`${provider.issuer}/home`);
    await browser.open(`${provider.issuer}/user/add`);
    const added = await browser.submit({ username: 'first-user' });
    expect(added.text).toContain('first-user was added');
  });

  it('names the account, and sets what is typed', async () => {
    const { user, browser, page } = await begin();
    expect(page.status).toBe(200);
    expect(page.text).toContain(user.username);
    expect((await browser.submit({ password })).status).toBe(200);
    await provider.logIn({ username: user.username, password });
    await expect(provider.logIn(user)).rejects.toThrow('the login failed');
  });

  it('that was sent by mail does not sign in: who reads a mailbox has not proved the account', async () => {
    const { browser } = await begin();
    await browser.submit({ password });
    expect(browser.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
  });

  it('of an administrator signs in, once the password is set and not before', async () => {
    const { user } = await begin();
    const url = await signInLinkFor(user.id);
    const browser = new Browser();
    await browser.open(url);
    await browser.submit({ password: 'short' });
    expect(browser.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
    await browser.submit({ password });
    expect(browser.address).toBe(`${provider.issuer}/home`);
    expect(browser.page?.text).toContain(user.username);
    await expectSpent(url);
  });

  it('of an administrator asks for the second factor of an account that has one, also in a trusted browser', async () => {
    const user = await provider.addUser();
    const owner = await provider.logIn(user);
    const app = await addApp(provider, owner);
    const trusting = new Browser();
    await givePassword(provider, user, trusting);
    await giveFactor(trusting, { otp: app.code(1), trust: '30' });
    expect(trusting.cookie(provider.host, 'gatehouse_trusted')).toBeDefined();
    for (const browser of [new Browser(), trusting]) {
      await browser.open(await signInLinkFor(user.id));
      await browser.submit({ password });
      expect(browser.address).toContain('/login/factor');
      expect((await browser.send(`${provider.issuer}/account`)).status).toBe(303);
    }
  });

  it('ends the previous session of the browser', async () => {
    const [other, user] = [await provider.addUser(), await provider.addUser()];
    const browser = await provider.logIn(other);
    const before = browser.clone();
    await browser.open(await signInLinkFor(user.id));
    await browser.submit({ password });
    expect(browser.page?.text).toContain(user.username);
    expect((await before.send(`${provider.issuer}/account`)).status).toBe(303);
  });

  it('is not consumed by being opened, because mail scanners open links', async () => {
    const { url, browser } = await begin();
    for (const method of ['GET', 'HEAD', 'GET']) expect((await send(url, { method })).status).toBe(303);
    for (let opened = 0; opened < 3; opened++) expect((await new Browser().open(url)).status).toBe(200);
    expect((await browser.submit({ password })).status).toBe(200);
  });

  it('works once', async () => {
    const { url, browser, page, user } = await begin();
    await browser.submit({ password });
    await expectSpent(url);
    Object.assign(browser, { page, address: url });
    expect((await browser.submit({ password: 'another password that is long' })).status).toBe(410);
    await provider.logIn({ username: user.username, password });
  });

  it('ends after GATEHOUSE_RESET_LINK_LIFETIME', async () => {
    const { url, browser } = await begin();
    provider.clock.advance(24 * 3600);
    await expectSpent(url);
    expect((await browser.submit({ password })).status).toBe(410);
  });

  it('ends when a newer one is made', async () => {
    const { url, user } = await begin();
    await linkFor(user.id);
    await expectSpent(url);
  });

  it('ends with the account', async () => {
    const { url, user } = await begin();
    await provider.execute(SetUserState, { id: user.id, disabled: true });
    await expectSpent(url);
  });

  it.each(['', 'x', '1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'x'.repeat(9000)])(
    'that was never made is like a spent one (%#)',
    async (token) => {
      await expectSpent(`${provider.issuer}/password/set?token=${token}`);
    },
  );

  it('with a changed verifier is treated like a consumed one', async () => {
    const { url } = await begin();
    await expectSpent(url.slice(0, -2) + (url.endsWith('AA') ? 'BA' : 'AA'));
  });

  it.each(['short', '', 'p'.repeat(257)])('is not consumed by an unacceptable password (%#)', async (weak) => {
    const { browser } = await begin();
    const answer = await browser.submit({ password: weak });
    expect(answer.status).toBe(422);
    expect(answer.headers['content-security-policy']).toBeDefined();
    expect((await browser.submit({ password })).status).toBe(200);
  });

  it('is tried with 30 passwords in a quarter of an hour, those that are rejected among them', async () => {
    const { browser } = await begin();
    for (let round = 0; round < 30; round++) expect((await browser.submit({ password: 'short' })).status).toBe(422);
    expect((await browser.submit({ password })).status).toBe(429);
    provider.clock.advance(900);
    expect((await browser.submit({ password })).status).toBe(200);
  });

  it('is not consumed by a form without CSRF token (403), which is shown again', async () => {
    const { browser } = await begin();
    const answer = await browser.submit({ password }, { without: ['csrf'] });
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain(password);
    expect((await browser.submit({ password })).status).toBe(200);
  });

  it('ends all sessions of the user', async () => {
    const { user, browser } = await begin();
    const old = await provider.logIn(user);
    await browser.submit({ password });
    expect((await old.send(`${provider.issuer}/home`)).status).toBe(303);
  });

  it('20 at once: one winner', async () => {
    const { browser, user } = await begin();
    const copies = Array.from({ length: 20 }, (_each, index) => ({
      copy: Object.assign(browser.clone(), { page: browser.page, address: browser.address }),
      password: `the password of tab ${index}`,
    }));
    const answers = await Promise.all(copies.map(({ copy, password: own }) => copy.submit({ password: own })));
    const winners = answers.flatMap((answer, index) => (answer.status === 200 ? [index] : []));
    expect(winners).toHaveLength(1);
    // Of one account only so many passwords wait to be estimated: those beyond are rejected before they use the link.
    const refused = answers.filter((answer) => [410, 429, 503].includes(answer.status));
    expect(refused).toHaveLength(19);
    expect(refused.filter((answer) => answer.status === 410).length).toBeGreaterThanOrEqual(4);
    await provider.logIn({ username: user.username, password: copies[winners[0] ?? 0]?.password ?? '' });
  });

  it('its page is never cached, and its address goes to no other site', async () => {
    const { page } = await begin();
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['referrer-policy']).toBe('same-origin');
  });
});
