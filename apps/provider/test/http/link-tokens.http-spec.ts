import { EmailChanges } from '../../src/users/email-changes.service';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser, send, type Answer } from '../support/browser';
import { eventually } from '../support/eventually';
import { startProvider, type TestProvider } from '../support/provider';
import { linkIn, SmtpServer } from '../support/smtp-server';

const password = 'a password made just now';

/** Tokens in links: they are in the address of one request alone, and of no page. */
describe('the token of a link', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_SIGN_UP: 'open',
        GATEHOUSE_SMTP_URL: await smtp.start(),
        GATEHOUSE_MAIL_FROM: 'a@gatehouse.test',
      },
    });
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  async function mailed(address: string): Promise<string> {
    const [mail] = await eventually(
      () => Promise.resolve(smtp.received.filter(({ to }) => to.includes(address))),
      (mails) => mails.length > 0,
    );
    return linkIn(mail?.message ?? '');
  }
  async function passwordLink(): Promise<{ url: string; username: string }> {
    const { id: userId, username } = await provider.addUser();
    const url = await provider.store.run((unit) =>
      provider.app.get(OneTimeLinks).create(unit, { userId, purpose: 'set-password' }, provider.clock.now()),
    );
    return { url, username };
  }
  let addresses = 0;
  async function confirmationLink(): Promise<string> {
    const { id } = await provider.addUser();
    const email = `confirm-${++addresses}@mail.test`;
    await provider.store.run((unit) => provider.app.get(EmailChanges).request(unit, id, email, provider.clock.now()));
    return mailed(email);
  }
  async function invitationLink(): Promise<string> {
    const email = `invited-${++addresses}@mail.test`;
    const { id: createdBy } = await provider.addUser({ roles: ['admin'] });
    return provider.store.run((unit) =>
      provider.app.get(Invitations).invite(unit, { email, roles: ['user'], createdBy }, provider.clock.now()),
    );
  }
  const kinds: [string, () => Promise<string>, string][] = [
    ['a password', async () => (await passwordLink()).url, 'gatehouse_link_password'],
    ['an address', confirmationLink, 'gatehouse_link_email'],
    ['an invitation', invitationLink, 'gatehouse_link_invitation'],
  ];
  const tokenOf = (url: string): string => [...new URL(url).searchParams.values()][0] ?? '';
  const cookieLine = (answer: Answer, name: string): string =>
    (answer.headers['set-cookie'] ?? []).find((line) => line.startsWith(`${name}=`)) ?? '';

  describe.each(kinds)('for %s', (_kind, make, cookieName) => {
    it('is exchanged for a short-lived cookie, and the page has an address without it', async () => {
      const url = await make();
      const token = tokenOf(url);
      const first = await send(url, { headers: { Accept: 'text/html' } });
      expect(first.status).toBe(303);
      expect(first.location).not.toContain(token);
      expect(first.location).toMatch(new RegExp(`^${provider.issuer}${new URL(url).pathname}`));
      expect(first.headers['cache-control']).toBe('no-store');
      const line = cookieLine(first, cookieName);
      expect(line).toContain(`${cookieName}=${token};`);
      expect(line).toContain('HttpOnly');
      expect(line).toContain('SameSite=Lax');
      expect(Number(/Max-Age=(\d+)/.exec(line)?.[1])).toBeLessThanOrEqual(900);

      const browser = new Browser();
      expect((await browser.open(url)).status).toBe(200);
      expect(browser.address).not.toContain(token);
      // A reload, and the back button.
      expect((await browser.open(browser.address)).status).toBe(200);
    });

    it('is not consumed by opening it; submitting the form consumes it and removes the cookie', async () => {
      const url = await make();
      for (let opened = 0; opened < 3; opened++) await new Browser().open(url);
      const browser = new Browser();
      await browser.open(url);
      await browser.open(url);
      const done = await browser.submit({ password, username: `user-of-link-${++addresses}` });
      expect(done.status).toBe(200);
      expect(browser.cookie(provider.host, cookieName)).toBeUndefined();
      expect((await new Browser().open(url)).status).toBe(410);
    });

    it('without cookies a page says what to do', async () => {
      const first = await send(await make(), { headers: { Accept: 'text/html' } });
      const page = await send(first.location ?? '', { headers: { Accept: 'text/html' } });
      expect(page.status).toBe(400);
      expect(page.text).toContain('link.cookie');
      expect(page.text).toContain('needs cookies');
    });

    it('that is worth nothing sets no cookie, and leaves a good one alone', async () => {
      const browser = new Browser();
      const url = await make();
      await browser.open(url);
      const kept = browser.cookie(provider.host, cookieName);
      const bad = await browser.open(url.replace(/=.*/, '=1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'));
      expect(bad.status).toBe(410);
      expect(browser.cookie(provider.host, cookieName)).toBe(kept);
    });
  });

  it('of the last link that was opened counts; a form that is open already belongs to its own link', async () => {
    const [one, other] = [await passwordLink(), await passwordLink()];
    const browser = new Browser();
    await browser.open(one.url);
    const firstTab = Object.assign(browser.clone(), { page: browser.page, address: browser.address });
    expect((await browser.open(other.url)).text).toContain(other.username);
    expect((await browser.open(`${provider.issuer}/password/set`)).text).toContain(other.username);

    firstTab.setCookie(provider.host, 'gatehouse_link_password', tokenOf(other.url));
    expect((await firstTab.submit({ password })).status).toBe(200);
    await provider.logIn({ username: one.username, password });
    await expect(provider.logIn({ username: other.username, password })).rejects.toThrow('the login failed');
  });

  it('of an invitation shows nothing to the next person who signs up in this browser', async () => {
    const browser = new Browser();
    const url = await invitationLink();
    expect((await browser.open(url)).text).toContain('invited-');
    const page = await browser.open(`${provider.issuer}/sign-up`);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('invited-');
    expect(page.text).not.toContain(tokenOf(url));
  });

  it('is in a __Host- cookie where the issuer is https', async () => {
    const secure = await startProvider({ env: { GATEHOUSE_ISSUER: 'https://id.example.com' } });
    try {
      const user = await secure.addUser();
      const url = await secure.store.run((unit) =>
        secure.app.get(OneTimeLinks).create(unit, { userId: user.id, purpose: 'set-password' }, secure.clock.now()),
      );
      const first = await send(url.replace('https://id.example.com', secure.base));
      const line = cookieLine(first, '__Host-gatehouse_link_password');
      expect(line).toContain('; Path=/;');
      expect(line).toContain('; Secure;');
    } finally {
      await secure.close();
    }
  });
});
