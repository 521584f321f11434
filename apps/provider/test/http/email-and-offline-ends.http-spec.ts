import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { eventually } from '../support/eventually';
import { addApp, giveFactor, givePassword } from '../support/factors';
import { fieldsOf } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { SmtpServer } from '../support/smtp-server';
import { obtainRefreshToken, refresh, type Registered } from '../support/tokens';

const smtp = new SmtpServer();
let provider: TestProvider;
let client: Registered;

beforeAll(async () => {
  provider = await startProvider({ env: { GATEHOUSE_SMTP_URL: await smtp.start() } });
  client = await provider.addClient({ name: 'Calendar' });
});
afterAll(async () => {
  await provider.close();
  await smtp.stop();
});

const at = (path: string): string => `${provider.base}${path}`;
const ours = { action: '/account' };
const mailsTo = (address: string): string[] =>
  smtp.received.filter(({ to }) => to.includes(address)).map(({ message }) => message);

describe('an e-mail address that someone else replaces', () => {
  async function mailTo(address: string): Promise<string> {
    const [mail] = await eventually(
      () => Promise.resolve(mailsTo(address)),
      (mails) => mails.length > 0,
    );
    return mail ?? '';
  }

  it('is told of it: by the API, also where the account has no password', async () => {
    const api = await adminApi(provider);
    const made = await api.call('POST', 'users', { username: 'no-password', email: 'before-api@people.test' });
    const { id } = made.json<{ id: string }>();
    expect((await api.call('PATCH', `users/${id}`, { email: 'after-api@people.test' })).status).toBe(200);
    const mail = await mailTo('before-api@people.test');
    expect(mail).toContain('Subject: Your e-mail address was replaced');
    expect(mail).toContain('no-password');
    expect(mail).not.toContain('after-api@people.test');
  });

  it('is told of it: at the page, and where it is removed', async () => {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    for (const [username, next] of [
      ['replaced', 'after-page@people.test'],
      ['removed', ''],
    ] as const) {
      const user = await provider.addUser({ username, email: `before-${username}@people.test` });
      await admin.open(at(`/user/update/${user.id}`));
      await admin.submit({ email: next }, { action: `/user/update/${user.id}` });
      await mailTo(`before-${username}@people.test`);
    }
  });

  it('is not told of what leaves it alone, or of another spelling of it', async () => {
    const api = await adminApi(provider);
    const made = await api.call('POST', 'users', { username: 'same', email: 'same@people.test' });
    const { id } = made.json<{ id: string }>();
    for (const change of [{ name: 'Same' }, { email: 'Same@people.test' }])
      expect((await api.call('PATCH', `users/${id}`, change)).status).toBe(200);
    await api.call('PATCH', `users/${id}`, { email: 'other@people.test' });
    await eventually(
      () => Promise.resolve([...mailsTo('same@people.test'), ...mailsTo('Same@people.test')]),
      (mails) => mails.length === 1,
    );
  });
});

describe('offline access', () => {
  const offline = async (browser: Browser): Promise<string> =>
    (await obtainRefreshToken(provider, browser, client)).refresh_token;
  const isAlive = async (token: string): Promise<boolean> => (await refresh(provider, client, token)).status === 200;

  it('ends with the password that it was given by; the session of this browser goes on', async () => {
    const user = await provider.addUser();
    const [here, elsewhere] = [await provider.logIn(user), await provider.logIn(user)];
    const tokens = [await offline(here), await offline(elsewhere)];
    await here.open(at('/account'));
    expect(here.page?.text).toContain('offline access');
    await here.submit(
      { action: 'password', currentPassword: user.password, newPassword: 'quite another phrase' },
      ours,
    );
    for (const token of tokens) expect(await isAlive(token)).toBe(false);
    expect((await here.open(at('/account'))).status).toBe(200);
    expect(here.address).toBe(at('/account'));
  });

  it('stays with "End all other sessions" unless its box is ticked; the page says so', async () => {
    const user = await provider.addUser();
    const here = await provider.logIn(user);
    expect((await here.open(at('/account'))).text).not.toContain('name="applications"');
    const token = await offline(here);
    await here.open(at('/account'));
    expect(here.page?.text).toContain('Ending sessions does not end the offline access of applications');
    expect(here.page?.text).toContain('name="applications"');
    expect(here.page?.text).not.toContain('name="browsers"');
    await here.submit({ action: 'end-other-sessions' }, ours);
    expect(await isAlive(token)).toBe(true);
    await here.open(at('/account'));
    await here.submit({ action: 'end-other-sessions', applications: 'yes' }, ours);
    expect(await isAlive(token)).toBe(false);
    expect((await here.open(at('/account'))).text).not.toContain('name="applications"');
  });
});

describe('trusted browsers', () => {
  it('stay trusted with "End all other sessions" unless their box is ticked', async () => {
    const user = await provider.addUser();
    const here = await provider.logIn(user);
    const app = await addApp(provider, here);
    provider.clock.advance(30);
    const trusted = new Browser();
    await givePassword(provider, user, trusted);
    await giveFactor(trusted, { otp: app.code(), trust: '7' });
    const isAsked = async (): Promise<boolean> => {
      await trusted.open(at('/logout'));
      if (fieldsOf(trusted).some(([name]) => name === 'csrf')) await trusted.submit({ logout: 'yes' });
      await givePassword(provider, user, trusted);
      return trusted.address !== at('/home');
    };
    expect((await here.open(at('/account'))).text).toContain('name="browsers"');
    await here.submit({ action: 'end-other-sessions' }, ours);
    expect(await isAsked()).toBe(false);
    await here.open(at('/account'));
    await here.submit({ action: 'end-other-sessions', browsers: 'yes' }, ours);
    expect(await isAsked()).toBe(true);
  });
});
