import { readFileSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { addAuthenticator } from './support/authenticator.js';
import { openContext } from './support/chromium.js';
import { portrait } from './support/portrait.js';
import type { Person, Stage } from './support/stage.js';
import { allow, beginLogin, expectLoggedIn, heading, logIn, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

describe('passkeys, on an issuer with a host name', () => {
  const theatre = useTheatre({ host: 'localhost' });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  let person: Person;
  let faults: string[];

  beforeEach(async () => {
    stage = theatre.stage;
    context = await openContext(theatre.chromium, { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    faults = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
    person = await stage.addPerson();
  });
  afterEach(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });

  async function look(name: string): Promise<void> {
    faults.push(...(await portrait(page, name)));
  }

  async function enroll(name: string): Promise<void> {
    await page.goto(`${stage.issuer}/account/passkeys`);
    await page.fill('input[name=passkeyName]', name);
    await page.click('[data-passkey=enroll]');
  }

  async function logOut(): Promise<void> {
    await page.goto(`${stage.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You’re signed out' }).waitFor();
  }

  /** Logs out at both applications. */
  async function leave(): Promise<void> {
    await logOut();
    await context.clearCookies({ name: /client|session/ });
  }

  it('a passkey is added, named, and sufficient for a login at the client', async () => {
    const authenticator = await addAuthenticator(page);
    await logIn(page, stage, person);
    await page.goto(`${stage.issuer}/account/passkeys`);
    await page.getByText('every login with your password also asks for a second factor').waitFor();
    await look('provider-passkeys-none');
    await enroll('Laptop');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    const codes = await page.locator('#recovery-codes li').allTextContents();
    expect(codes).toHaveLength(10);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('recovery-codes.txt');
    expect(
      readFileSync(await download.path(), 'utf8')
        .split(/\s+/)
        .filter(Boolean),
    ).toEqual(codes);
    await look('provider-recovery-codes');
    await page.getByRole('link', { name: /I’ve saved them/ }).click();
    await page.waitForURL(/passkeys/);
    expect(await page.inputValue('input[name=name]')).toBe('Laptop');
    expect(await page.getByText('also asks for a second factor').count()).toBe(0);
    await look('provider-passkeys');
    expect(await authenticator.credentials()).toHaveLength(1);

    await leave();
    await authenticator.verifies('only touches');
    await beginLogin(page, stage);
    await page.waitForSelector('[data-passkey=login]:not([hidden])');
    await look('provider-login-passkey');
    await authenticator.verifies('verifies');
    await page.click('[data-passkey=login]');
    await expectLoggedIn(page, stage, person);
    const [credential] = await authenticator.credentials();
    expect(credential?.signCount).toBeGreaterThan(1);
  });

  it('is suggested in the username field', async () => {
    await addAuthenticator(page);
    await logIn(page, stage, person);
    await enroll('Phone');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await leave();
    await beginLogin(page, stage).catch(() => undefined);
    // The virtual authenticator selects the suggestion immediately.
    await expectLoggedIn(page, stage, person);
  });

  it('is a second factor in addition to the password, also without user verification', async () => {
    await addAuthenticator(page, { hasUserVerification: false });
    await logIn(page, stage, person);
    await enroll('Key on my ring');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await leave();
    await beginLogin(page, stage);
    await page.click('[data-passkey=login]');
    // Without the password it is not sufficient.
    await page.locator('[data-passkey-message]:not([hidden])').waitFor();
    await submitLogin(page, person);
    await page.waitForURL(/login\/factor/);
    expect(await heading(page)).toBe('Confirm it’s you');
    await look('provider-second-factor-passkey');
    await page.click('[data-passkey=factor]');
    await expectLoggedIn(page, stage, person);
  });

  it('is renamed and removed, and the same device does not add a second one', async () => {
    const authenticator = await addAuthenticator(page);
    await logIn(page, stage, person);
    await enroll('Old name');
    await page.getByRole('link', { name: /I’ve saved them/ }).click();
    await page.waitForURL(/passkeys/);
    await page.click('[data-passkey=enroll]');
    await page.getByText('already has a passkey for this account').waitFor();
    expect(await authenticator.credentials()).toHaveLength(1);

    await page.fill('input[name=name]', 'New name');
    await page.getByRole('button', { name: /^Rename/ }).click();
    await page.getByText('The passkey has its new name.').waitFor();
    expect(await page.inputValue('input[name=name]')).toBe('New name');

    await page.getByRole('link', { name: /^Remove/ }).click();
    await page.getByRole('heading', { name: 'Remove New name' }).waitFor();
    await look('provider-factor-remove');
    await page.fill('input[name=password]', person.password);
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText('The second factor was removed.').waitFor();
    await look('provider-factors-none');
    await leave();
    await authenticator.remove();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await expectLoggedIn(page, stage, person);
  });

  it('a login with a deleted passkey falls back to the password and keeps its request', async () => {
    const authenticator = await addAuthenticator(page);
    await logIn(page, stage, person);
    await enroll('Lost');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await stage.command('user', 'reset-mfa', '--username', person.username, '--json');
    await context.clearCookies({ name: /client|session/ });
    await beginLogin(page, stage).catch(() => undefined);
    // Suggested, selected, and rejected once: after that, no passkey is suggested automatically.
    await page.getByText('That passkey didn’t work').waitFor();
    expect(page.url()).toContain('/login/passkey');
    await authenticator.remove();
    await submitLogin(page, person);
    await expectLoggedIn(page, stage, person);
  });

  it('consent is still required after a login without a password', async () => {
    await addAuthenticator(page);
    await page.goto(`${stage.issuer}/login`);
    await submitLogin(page, person);
    await page.waitForURL(/home/);
    await enroll('Laptop');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await leave();
    await beginLogin(page, stage).catch(() => undefined);
    await page.waitForURL(/consent/);
    await allow(page);
    await expectLoggedIn(page, stage, person);
  });
});
