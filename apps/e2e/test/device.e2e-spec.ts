import type { BrowserContext, Page } from 'playwright-core';
import * as client from 'openid-client';
import { openContext } from './support/chromium.js';
import { portrait } from './support/portrait.js';
import { allow, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

jest.setTimeout(90_000);

/** RFC 8628 for a user: the device uses openid-client, the user a real browser. */
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

  async function checkPage(name: string): Promise<void> {
    faults.push(...(await portrait(page, name)));
  }

  it('gets its tokens after the user has entered the code, logged in and allowed it', async () => {
    const { stage } = theatre;
    const person = await stage.addPerson('viewer');
    const config = await deviceFor('Television');
    const answer = await client.initiateDeviceAuthorization(config, { scope: 'openid offline_access' });
    const polled = client.pollDeviceAuthorizationGrant(config, answer);
    await page.goto(answer.verification_uri);
    await checkPage('provider-device');
    await page.fill('input[name=user_code]', 'WRONG-CODE');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-device-problem');
    // As a user might type it: in lower case, and without the dash.
    await page.fill('input[name=user_code]', answer.user_code.toLowerCase().replace('-', ' '));
    await page.getByRole('button', { name: 'Continue' }).click();
    await submitLogin(page, person);
    await page.waitForURL(/consent/);
    expect(await page.textContent('main')).toContain('Television');
    await checkPage('provider-device-consent');
    await allow(page);
    await page.waitForURL((url) => !url.pathname.startsWith('/consent'));
    await checkPage('provider-device-done');
    const tokens = await polled;
    expect(tokens.claims()?.sub).toBeDefined();
    expect(tokens.refresh_token).toBeDefined();
    expect(faults).toEqual([]);
  });

  it('with the complete verification URI, asks for confirmation, shows a QR code, and receives a denial', async () => {
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
    // The image is displayed: the content security policy allows it.
    expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
    await checkPage('provider-device-given');
    await page.getByRole('button', { name: 'Continue' }).click();
    await submitLogin(page, person);
    await page.click('button[name=confirm][value=no]');
    expect(await polled).toMatchObject({ error: 'access_denied' });
    expect(faults).toEqual([]);
  });
});
