import { networkInterfaces } from 'node:os';
import type { BrowserContext, Page } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { clientAdminPassword } from './support/stage.js';
import { beginLogin, expectLoggedIn, heading, logIn, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

// Cookies are not isolated by port (RFC 6265 8.5), so both applications share the cookies of a host.
describe.each(['localhost', '127.0.0.1'] as const)('a provider on %s and a client on localhost', (host) => {
  const theatre = useTheatre({ host });
  /** The names of the cookies set by each origin. */
  const names = new Map<string, Set<string>>();
  let context: BrowserContext;
  let page: Page;

  beforeEach(async () => {
    context = await openContext(theatre.chromium);
    page = await context.newPage();
    page.on('response', (response) => {
      void response.headersArray().then((headers) => {
        const { origin } = new URL(response.url());
        const own = names.get(origin) ?? new Set<string>();
        names.set(origin, own);
        for (const { name, value } of headers)
          if (name.toLowerCase() === 'set-cookie') own.add(value.slice(0, value.indexOf('=')));
      });
    });
  });
  afterEach(() => context.close());

  async function homeOfProvider(): Promise<string> {
    await page.goto(`${theatre.stage.issuer}/home`);
    return heading(page);
  }

  it('sign-in and sign-out at one do not affect the other', async () => {
    const { stage } = theatre;
    const person = await stage.addPerson();
    await page.goto(`${stage.clientUrl}/providers/add`);
    await page.fill('input[name=password]', clientAdminPassword);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForSelector('input[name=client_id]');

    await logIn(page, stage, person);
    expect(await homeOfProvider()).toContain(person.username);
    await page.goto(`${stage.clientUrl}/providers/add`);
    await page.waitForSelector('input[name=client_id]');

    await page.goto(stage.clientUrl);
    await page.getByRole('button', { name: 'Sign out of this application', exact: true }).click();
    await page.getByRole('heading', { name: 'You’re not signed in' }).waitFor();
    expect(await homeOfProvider()).toContain(person.username);

    await beginLogin(page, stage);
    await expectLoggedIn(page, stage, person);
    await page.goto(`${stage.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You’re signed out' }).waitFor();
    await page.goto(stage.clientUrl);
    await expectLoggedIn(page, stage, person);

    await page.goto(`${stage.issuer}/login`);
    await submitLogin(page, person);
    await page.waitForURL(/home/);
    await page.goto(stage.clientUrl);
    await expectLoggedIn(page, stage, person);
    await page.getByRole('button', { name: 'Sign out of this application', exact: true }).click();
    await page.getByRole('heading', { name: 'You’re not signed in' }).waitFor();
    await beginLogin(page, stage);
    await expectLoggedIn(page, stage, person);
    await page.getByRole('button', { name: /^Sign out of this application and/ }).click();
    await page.waitForURL(`${stage.clientUrl}/`);
    expect(await heading(page)).toBe('You’re not signed in');
    expect(await homeOfProvider()).toBe('Sign in');
  });

  it('no cookies of the two have the same name', () => {
    const [ofProvider, ofClient] = [theatre.stage.issuer, theatre.stage.clientUrl].map((origin) => [
      ...(names.get(origin) ?? []),
    ]);
    expect(ofProvider).toEqual(expect.arrayContaining(['gatehouse_browser', 'gatehouse_session', 'gatehouse_device']));
    expect(ofClient).toEqual(
      expect.arrayContaining([
        'gatehouse_client_browser',
        'gatehouse_client_session',
        'gatehouse_client_admin',
        'gatehouse_client_logged_out',
      ]),
    );
    // On https each name has the prefix `__Host-`, so names that differ on http differ there too.
    expect(ofClient?.filter((name) => !name.startsWith('gatehouse_client_'))).toEqual([]);
    expect(ofProvider?.filter((name) => name.startsWith('gatehouse_client_'))).toEqual([]);
  });

  it('listens on both addresses of localhost if IPv6 is available, otherwise only on 127.0.0.1', async () => {
    const { port } = new URL(theatre.stage.issuer);
    const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
    const responds = async (address: string): Promise<boolean> =>
      fetch(`http://${address}:${port}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    expect(await responds('127.0.0.1')).toBe(true);
    expect(await responds('[::1]')).toBe(host === 'localhost' && hasIPv6);
  });
});
