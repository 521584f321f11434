import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { UsersService } from '../../src/users/users.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';

/** One character that NFKC expands to eighteen: 240 kB of form become more than a megabyte of text. */
const expanding = 'ﷺ'.repeat(26_000);
/** Four times the longest password: what is longer than that is rejected unread. */
const longestNormalized = 1024;

describe('fields that fill the whole body', () => {
  let provider: TestProvider;
  let normalized: jest.SpyInstance;
  const lengths: number[] = [];

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } });
    const { normalize } = String.prototype;
    normalized = jest.spyOn(String.prototype, 'normalize').mockImplementation(function (this: string, form?: string) {
      lengths.push(this.length);
      return normalize.call(this, form);
    });
  });
  afterAll(async () => {
    normalized.mockRestore();
    await provider.close();
  });
  beforeEach(() => void (lengths.length = 0));
  afterEach(() => expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(longestNormalized));

  const at = (path: string): string => `${provider.issuer}${path}`;
  const password = 'a few words make a good one';

  it.each(['username', 'email', 'name', 'password'])('are refused unread at sign-up: %s', async (field) => {
    const browser = new Browser();
    await browser.open(at('/sign-up'));
    const answer = await browser.submit({
      username: 'newcomer',
      email: 'new@example.com',
      password,
      [field]: expanding,
    });
    expect(answer.status).toBe(422);
  });

  it.each(['username', 'password'])('are refused unread at sign-up by invitation: %s', async (field) => {
    const link = await provider.store.run((unit) =>
      provider.app
        .get(Invitations)
        .invite(unit, { email: `${field}@example.com`, roles: ['user'], createdBy: undefined }, provider.clock.now()),
    );
    const browser = new Browser();
    await browser.open(link);
    expect((await browser.submit({ username: 'invited', password, [field]: expanding })).status).toBe(422);
  });

  it.each(['username', 'password'])('are wrong credentials at sign-in: %s', async (field) => {
    const user = await provider.addUser();
    const browser = new Browser();
    await browser.open(at('/login'));
    const answer = await browser.submit({ username: user.username, password: user.password, [field]: expanding });
    expect(answer.status).toBe(401);
  });

  it('are rejected unread where a link sets a password', async () => {
    const user = await provider.addUser();
    const link = await provider.store.run((unit) =>
      provider.app.get(OneTimeLinks).create(unit, { userId: user.id, purpose: 'set-password' }, provider.clock.now()),
    );
    const browser = new Browser();
    await browser.open(link);
    expect((await browser.submit({ password: expanding })).status).toBe(422);
  });

  it('are rejected unread where people change their own password, new or current', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    for (const [current, next] of [
      [user.password, expanding],
      [expanding, password],
    ] as const) {
      await browser.open(at('/account'));
      const csrf = fieldsOf(browser, '/account').filter(([name]) => name === 'csrf');
      const answer = await sendFields(
        browser,
        [...csrf, ['currentPassword', current], ['newPassword', next], ['action', 'password']],
        '/account',
      );
      expect(answer.status).toBe(422);
    }
  });

  it('are rejected unread in the forms of administrators', async () => {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    for (const field of ['username', 'email']) {
      await admin.open(at('/user/add'));
      expect((await admin.submit({ username: 'added', [field]: expanding })).status).toBe(422);
    }
    await admin.open(at('/user/invite'));
    expect((await admin.submit({ emails: `${expanding}@example.com` })).status).toBe(422);
  });

  it.each(['username', 'email', 'password'])('are refused unread by the API: %s', async (member) => {
    const api = await adminApi(provider);
    const answer = await api.call('POST', 'users', { username: 'by-api', password, [member]: expanding });
    expect(answer.status).toBe(400);
  });

  it('name nobody where an account is looked up by its username', async () => {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const { client } = await provider.addClient();
    await admin.open(at(`/client/roles/${client.id}`));
    const csrf = fieldsOf(admin, '/client/roles').filter(([name]) => name === 'csrf');
    expect(csrf).toHaveLength(1);
    await sendFields(admin, [...csrf, ['username', expanding], ['action', 'assign']], `/client/roles/${client.id}`);
    expect(await provider.app.get(UsersService).findByUsername(expanding)).toBeUndefined();
  });

  it('a password of 256 characters works however its characters are composed', async () => {
    // Four code points each, as one character (NFC).
    const composed = 'ᾂᾃᾄᾅ'.repeat(64);
    const user = await provider.addUser({ password: composed });
    await provider.logIn({ username: user.username, password: composed.normalize('NFD') });
  });
});
