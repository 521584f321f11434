import type { BrowserContext } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { allow, beginLogin, expectLoggedIn, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

jest.setTimeout(90_000);

/** OpenID Connect Back-Channel Logout 1.0 between Gatehouse's provider and client: the provider's outbox sends the logout token. */
describe('a logout at the provider', () => {
  const theatre = useTheatre({ provider: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8,::1/128' } });
  let context: BrowserContext;
  beforeEach(async () => {
    context = await openContext(theatre.chromium);
  });
  afterEach(() => context.close());

  it('ends the session at the client without its browser', async () => {
    const { stage } = theatre;
    await stage.command(
      'client',
      'update',
      '--id',
      stage.registered.client_id,
      '--backchannel-logout-uri',
      `${stage.clientUrl}/logout/backchannel`,
      '--backchannel-logout-session-required',
      '--json',
    );
    const person = await stage.addPerson('leaver');
    const page = await context.newPage();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await allow(page);
    await expectLoggedIn(page, stage, person);

    await page.goto(`${stage.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You’re signed out' }).waitFor();
    const isLoggedIn = async (): Promise<boolean> => {
      await page.goto(stage.clientUrl);
      return page.getByText('Signed in as').first().isVisible();
    };
    let isActive = await isLoggedIn();
    for (let waited = 0; isActive && waited < 50; waited++) {
      await page.waitForTimeout(100);
      isActive = await isLoggedIn();
    }
    expect(isActive).toBe(false);
  });
});
