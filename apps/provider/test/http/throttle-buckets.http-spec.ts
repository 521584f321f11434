import { createHash } from 'node:crypto';
import { deviceCodeGrant } from '@gatehouse/domain/oauth';
import { Browser } from '../support/browser';
import { post, startProvider, type TestProvider } from '../support/provider';

const email = 'private.person@mail.test';
const newEmail = 'next.address@mail.test';
const address = '127.0.0.44';

describe('the table of failed sign-ins', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9', GATEHOUSE_LOGIN_FAILURES: '3/900' },
    });
  });
  afterAll(() => provider.close());

  const buckets = (): Promise<readonly string[]> =>
    provider.store.run(async (unit) =>
      (await unit.manager.query<{ bucket: string }[]>('SELECT bucket FROM login_failures')).map((row) => row.bucket),
    );

  async function fail(browser: Browser, username: string): Promise<number> {
    await browser.open(`${provider.base}/login`);
    return (await browser.submit({ username, password: 'not the password' })).status;
  }

  it('names no e-mail address, username or network address, nor anything that can be guessed from the table alone', async () => {
    const stranger = new Browser({ localAddress: address });
    await fail(stranger, email);
    await stranger.open(`${provider.base}/password/forgot`);
    await stranger.submit({ email });
    await stranger.open(`${provider.base}/sign-up`);
    await stranger.submit({ username: 'new-person', email, password: 'a few words make a good one' });
    const person = await provider.logIn(await provider.addUser());
    await person.open(`${provider.base}/account/email`);
    await person.submit({ email: newEmail }, { action: '/account/email' });

    const stored = await buckets();
    const kinds = new Set(stored.map((bucket) => bucket.split(':')[0]));
    for (const kind of ['i', 'p', 'a', 'rf', 'rt', 's', 'em', 'et']) expect(kinds).toContain(kind);
    const guessable = [email, newEmail, address].flatMap((text) => [
      text,
      createHash('sha256').update(text).digest('base64url').slice(0, 22),
    ]);
    for (const bucket of stored) for (const text of guessable) expect(bucket).not.toContain(text);
  });

  it('counts no user code that was right, and no password that was', async () => {
    const { client } = await provider.addClient({
      type: 'public',
      authMethod: 'none',
      redirectUris: [],
      grantTypes: [deviceCodeGrant],
      scope: ['openid'],
    });
    const user = await provider.addUser();
    const browser = await provider.logIn(user, new Browser({ localAddress: '127.0.0.46' }));
    for (let times = 0; times < 32; times++) {
      const asked = await post(`${provider.base}/oauth/device`, { client_id: client.id, scope: 'openid' });
      const { user_code: code } = asked.json<{ user_code: string }>();
      await browser.open(`${provider.base}/device`);
      const shown = await browser.submit({ user_code: code });
      expect([times, shown.status, shown.text.includes(code)]).toEqual([times, 200, true]);
      await browser.submit({ confirm: 'yes' });
    }
    let current = user.password;
    for (let times = 0; times < 12; times++) {
      const next = `a few words, number ${times}, make a good one`;
      await browser.open(`${provider.base}/account`);
      const fields = { action: 'password', currentPassword: current, newPassword: next };
      expect([times, (await browser.submit(fields, { action: '/account' })).status]).toEqual([times, 200]);
      current = next;
    }
  });

  it('still counts per account, address and both', async () => {
    const browser = new Browser({ localAddress: '127.0.0.45' });
    for (let tries = 0; tries < 3; tries++) expect(await fail(browser, 'counted')).toBe(401);
    expect(await fail(browser, 'counted')).toBe(429);
    expect(await fail(browser, 'another')).toBe(401);
    provider.clock.advance(901);
    expect(await fail(browser, 'counted')).toBe(401);
  });

  it('names buckets by a key of this server: the same guess is another name elsewhere', async () => {
    const other = await startProvider({ env: { GATEHOUSE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64url') } });
    try {
      const stranger = new Browser({ localAddress: address });
      await stranger.open(`${other.base}/login`);
      await stranger.submit({ username: email, password: 'not the password' });
      const there = await other.store.run((unit) =>
        unit.manager.query<{ bucket: string }[]>('SELECT bucket FROM login_failures'),
      );
      expect(there.length).toBeGreaterThan(0);
      const here = await buckets();
      for (const { bucket } of there) expect(here).not.toContain(bucket);
    } finally {
      await other.close();
    }
  });
});
