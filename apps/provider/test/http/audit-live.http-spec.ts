import { ManualClock, SystemClock } from '@gatehouse/platform/clock';
import type { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

interface LiveCheck {
  readonly changed: boolean;
  readonly check: string;
}

describe('the live view of the audit log', () => {
  let provider: TestProvider;
  let admin: Browser;

  beforeAll(async () => {
    provider = await startProvider({ clock: new ManualClock(new SystemClock().now()) });
    admin = await provider.logIn(await provider.addUser({ username: 'keeper', roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const open = async (path: string): Promise<string> => (await admin.open(`${provider.base}${path}`)).text;
  const check = async (path: string): Promise<LiveCheck> => JSON.parse(await open(path)) as LiveCheck;
  /** An attribute of a page, without the escapes of HTML. */
  const attribute = (page: string, pattern: RegExp): string =>
    (pattern.exec(page)?.[1] ?? '').replaceAll('&#x3D;', '=').replaceAll('&amp;', '&');
  /** Events are numbered by the machine’s time, also where a test sets the clock. */
  async function passOverlap(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 6_100));
    provider.clock.advance(new SystemClock().now() - provider.clock.now());
  }

  it('is off until it is turned on, and keeps the filter', async () => {
    const off = await open('/audit?user=keeper&type=signIns');
    expect(off).not.toContain('data-live');
    const on = attribute(off, /href="([^"]*live[^"]*)"/);
    expect(on).toBe('/audit?user=keeper&type=signIns&live=yes');
    const page = await open(on);
    expect(page).toContain('data-live="5"');
    expect(attribute(page, /data-live-check="([^"]*)"/)).toMatch(/^\/audit\/live\?user=keeper&type=signIns&since=\d+$/);
    // Another search, a removed filter and the reload without a script stay live; stopping keeps the filter.
    expect(page).toContain('<input type="hidden" name="live" value="yes">');
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([link]) => attribute(link, /href="([^"]*)"/));
    for (const link of ['type=signIns&live=yes', 'user=keeper&live=yes', 'live=yes', 'user=keeper&type=signIns'])
      expect(links).toContain(`/audit?${link}`);
    expect(links).toContain('/audit?user=keeper&type=signIns&live=yes');
    expect(links).toContain('/audit/export?user=keeper&type=signIns');
  });

  it('shows the first page only: older events do not change', async () => {
    const page = await open('/audit?live=yes&before=999999999999999');
    expect(page).toContain('Newest');
    expect(page).not.toContain('data-live');
    expect(page).not.toContain('name="live"');
  });

  it('asks whether matching events were recorded in the last seconds, and reads no others', async () => {
    const person = await provider.addUser({ username: 'watched' });
    await passOverlap();
    const page = await open('/audit?user=watched&live=yes');
    expect(page).toContain('created the account of <strong>watched</strong>');
    const first = await check(attribute(page, /data-live-check="([^"]*)"/));
    expect(first).toEqual({
      changed: false,
      check: expect.stringMatching(/^\/audit\/live\?user=watched&since=\d+$/) as string,
    });
    await provider.addUser({ username: 'another' });
    expect((await check(first.check)).changed).toBe(false);
    await provider.logIn(person);
    const second = await check(first.check);
    expect(second.changed).toBe(true);
    // It was recorded before the next check begins, besides an overlap for other processes.
    await passOverlap();
    const third = await check((await check(second.check)).check);
    expect(third.changed).toBe(false);
  });

  it('without a time asks for events from now on', async () => {
    for (const since of ['', 'since=yesterday', 'since=99999999999999'])
      expect((await check(`/audit/live?user=keeper&${since}`)).check).toMatch(/since=\d{10}$/);
  });

  it('is for those who may read the log', async () => {
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    expect((await developer.open(`${provider.base}/audit/live`)).status).toBe(403);
    const auditor = await provider.logIn(await provider.addUser({ roles: ['auditor'] }));
    expect((await auditor.open(`${provider.base}/audit/live`)).status).toBe(200);
  });
});
