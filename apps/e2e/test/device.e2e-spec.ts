import type { BrowserContext, Page } from 'playwright-core';
import * as client from 'openid-client';
import { openContext } from './support/chromium.js';
import { portrait } from './support/portrait.js';
import { allow, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

jest.setTimeout(90_000);

/** RFC 8628 as a person meets it: a device by openid-client, its person in a real browser. */
describe('a device without a browser', () => {
  const theatre = useTheatre({});
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  beforeEach(async () => {
    context = await openContext(theatre.chromium, { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    faults = [];
  });
  afterEach(() => context.close());

  async function deviceFor(name: string): Promise<client.Configuration> {
    const { stage } = theatre;
    const registered = await stage.addClient(
      name,
      'http://127.0.0.1:9',
      '--public',
      '--grant-type',
      'urn:ietf:params:oauth:grant-type:device_code',
      '--grant-type',
      'refresh_token',
      '--scope',
      'openid offline_access',
    );
    return client.discovery(new URL(stage.issuer), registered.client_id, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
  }

  async function look(name: string): Promise<void> {
    faults.push(...(await portrait(page, name)));
  }

  it('gets its tokens when the person has typed the code, logged in and said yes', async () => {
    const { stage } = theatre;
    const person = await stage.addPerson('viewer');
    const config = await deviceFor('Television');
    const answer = await client.initiateDeviceAuthorization(config, { scope: 'openid offline_access' });
    const polled = client.pollDeviceAuthorizationGrant(config, answer);
    await page.goto(answer.verification_uri);
    await look('provider-device');
    await page.fill('input[name=user_code]', 'WRONG-CODE');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await look('provider-device-problem');
    // As somebody types it: small, and without the dash.
    await page.fill('input[name=user_code]', answer.user_code.toLowerCase().replace('-', ' '));
    await page.getByRole('button', { name: 'Continue' }).click();
    await submitLogin(page, person);
    await page.waitForURL(/consent/);
    expect(await page.textContent('main')).toContain('Television');
    await look('provider-device-consent');
    await allow(page);
    await page.waitForURL((url) => !url.pathname.startsWith('/consent'));
    await look('provider-device-done');
    const tokens = await polled;
    expect(tokens.claims()?.sub).toBeDefined();
    expect(tokens.refresh_token).toBeDefined();
    expect(faults).toEqual([]);
  });

  it('by the complete address asks before it acts, shows a QR code, and hears a no', async () => {
    const { stage } = theatre;
    const person = await stage.addPerson('other');
    const config = await deviceFor('Radio');
    const answer = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    const polled = client.pollDeviceAuthorizationGrant(config, answer).catch((error: unknown) => error);
    await page.goto(answer.verification_uri_complete ?? '');
    expect(await page.inputValue('input[name=user_code]')).toBe(answer.user_code);
    await page.getByText('Continue on another device').click();
    const picture = page.getByRole('img', { name: /QR code/ });
    await picture.waitFor();
    // It is a picture, and the policy of the page lets it be seen.
    expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
    await look('provider-device-given');
    await page.getByRole('button', { name: 'Continue' }).click();
    await submitLogin(page, person);
    await page.click('button[name=confirm][value=no]');
    expect(await polled).toMatchObject({ error: 'access_denied' });
    expect(faults).toEqual([]);
  });
});
