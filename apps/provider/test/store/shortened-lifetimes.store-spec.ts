import { statement } from '@gatehouse/platform/database/store';
import { UpdateSettings } from '../../src/settings/administration/operations/update-settings';
import { CurrentSettings } from '../../src/settings/current-settings';
import { Browser } from '../support/browser';
import { engines } from '../support/engines';
import { addApp, giveFactor, givePassword, type App } from '../support/factors';
import { startProvider, type TestProvider } from '../support/provider';
import { purge } from '../support/tokens';

jest.setTimeout(120_000);

const hour = 3600;
const countTrusted = statement('test.trusted_of_user', 'SELECT COUNT(*) AS n FROM trusted_browsers WHERE user_id = $1');

type Person = Awaited<ReturnType<TestProvider['addUser']>>;

describe.each(engines)('lifetimes that an administrator has shortened, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let one: TestProvider;
  let other: TestProvider;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    const env = { GATEHOUSE_THROTTLE: 'off' };
    one = await startProvider({ databaseUrl, env });
    other = await startProvider({ databaseUrl, env: { ...env, GATEHOUSE_SECRET_KEY: one.secretKey } });
  });
  afterAll(async () => {
    await other.close();
    await one.close();
    await engine.stop();
  });

  async function change(changes: Readonly<Record<string, string | null>>): Promise<void> {
    await one.execute(UpdateSettings, { changes });
  }

  async function trustedBrowser(): Promise<{ user: Person; app: App; browser: Browser; here: Browser }> {
    const user = await one.addUser();
    const here = await one.logIn(user);
    const app = await addApp(one, here);
    one.clock.advance(30);
    const browser = new Browser();
    await givePassword(one, user, browser);
    await giveFactor(browser, { otp: app.code(), trust: '7' });
    return { user, app, browser, here };
  }

  /** Out, and in again by the password alone. @returns whether that was enough */
  async function passwordIsEnough(browser: Browser, user: Person): Promise<boolean> {
    await browser.open(`${one.base}/logout`);
    await browser.submit({ logout: 'yes' });
    await browser.open(`${one.base}/login`);
    await givePassword(one, user, browser);
    return browser.address === `${one.base}/home`;
  }

  it('end the trust in browsers for good: it does not return with a longer lifetime', async () => {
    const { user, browser, here } = await trustedBrowser();
    one.clock.advance(2 * hour);
    const recent = await trustedBrowser();
    await change({ trusted_browser_lifetime: String(hour) });
    expect((await here.open(`${one.base}/account/factors`)).text).not.toContain('name="browser"');
    await change({ trusted_browser_lifetime: null });
    expect((await here.open(`${one.base}/account/factors`)).text).not.toContain('name="browser"');
    expect(await passwordIsEnough(browser, user)).toBe(false);
    // The one that was trusted a moment ago has what the shorter lifetime left to it.
    expect(await passwordIsEnough(recent.browser, recent.user)).toBe(true);
    one.clock.advance(hour);
    expect(await passwordIsEnough(recent.browser, recent.user)).toBe(false);
  });

  it('hold for a browser that was trusted by a process which had not read the change yet', async () => {
    await other.execute(UpdateSettings, { changes: { trusted_browser_lifetime: String(24 * hour) } });
    one.app.get(CurrentSettings).use({});
    const { user, browser } = await trustedBrowser();
    await other.execute(UpdateSettings, { changes: { trusted_browser_lifetime: null } });
    one.clock.advance(25 * hour);
    expect(await passwordIsEnough(browser, user)).toBe(false);
  });

  it('of the environment hold for the list of trusted browsers and the purge, too', async () => {
    const { user, here } = await trustedBrowser();
    const count = async (): Promise<number> => Number((await one.store.one<{ n: number }>(countTrusted, user.id))?.n);
    one.clock.advance(2 * hour);
    await purge(one);
    expect(await count()).toBe(1);
    const strict = await startProvider({
      databaseUrl: one.databaseUrl,
      env: { GATEHOUSE_SECRET_KEY: one.secretKey, GATEHOUSE_TRUSTED_BROWSER_LIFETIME: String(hour) },
    });
    try {
      strict.clock.advance(one.clock.now() - strict.clock.now());
      const page = await here.open(`${strict.base}/account/factors`);
      expect(page.status).toBe(200);
      expect(page.text).not.toContain('name="browser"');
      // The other process holds the lease of the purge for some minutes.
      strict.clock.advance(600);
      await purge(strict);
    } finally {
      await strict.close();
    }
    expect(await count()).toBe(0);
  });

  it('end idle sessions for good, but not those in use', async () => {
    const [idle, active] = [await one.logIn(await one.addUser()), await one.logIn(await one.addUser())];
    const isSignedIn = async (browser: Browser): Promise<boolean> => {
      await browser.open(`${one.base}/home`);
      return browser.address === `${one.base}/home`;
    };
    one.clock.advance(2 * hour);
    expect(await isSignedIn(active)).toBe(true);
    await change({ session_idle_lifetime: String(hour) });
    await change({ session_idle_lifetime: null });
    expect([await isSignedIn(idle), await isSignedIn(active)]).toEqual([false, true]);
    // It became idle while the shorter lifetime was in force.
    await change({ session_idle_lifetime: String(hour) });
    one.clock.advance(2 * hour);
    await change({ session_idle_lifetime: null });
    expect(await isSignedIn(active)).toBe(false);
  });
});
