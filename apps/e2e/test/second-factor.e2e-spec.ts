import type { BrowserContext, Page } from 'playwright-core';
import { scanCode } from './support/authenticator-app.js';
import { openContext } from './support/chromium.js';
import { portrait } from './support/portrait.js';
import type { Stage } from './support/stage.js';
import { beginLogin, expectLoggedIn, heading, pressSubmit, submitLogin, allow } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

describe('second factors', () => {
  const admin = { username: 'admin', password: 'a gate needs its keeper' };
  const theatre = useTheatre({ adminPassword: admin.password });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  async function open(javaScriptEnabled: boolean): Promise<void> {
    stage = theatre.stage;
    context = await openContext(theatre.chromium, {
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      javaScriptEnabled,
    });
    page = await context.newPage();
    faults = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  }
  afterEach(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });

  async function checkPage(name: string): Promise<void> {
    faults.push(...(await portrait(page, name)));
  }

  async function leave(): Promise<void> {
    await context.clearCookies({ name: /client|session/ });
  }

  it('an authenticator app is added and required, and its pages pass the checks', async () => {
    await open(true);
    const person = await stage.addPerson();
    await page.goto(`${stage.issuer}/account/factors`);
    await submitLogin(page, person);
    await page.waitForURL(/account\/factors/);
    await checkPage('provider-factors-empty');
    await page.goto(`${stage.issuer}/account/passkeys`);
    await page.getByText('Passkeys need a host name').waitFor();
    await checkPage('provider-passkeys-impossible');
    await page.goto(`${stage.issuer}/account/factors/app`);
    await checkPage('provider-factor-app');
    const code = await scanCode(page);
    await page.fill('input[name=otp]', '000000');
    await pressSubmit(page);
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-factor-app-problem');
    await page.fill('input[name=otp]', await code());
    await pressSubmit(page);
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    const recovery = (await page.locator('#recovery-codes li').first().textContent()) ?? '';
    await page.getByRole('link', { name: /I’ve saved them/ }).click();
    await page.getByText('The second factor was added').waitFor();
    await checkPage('provider-factors');

    await leave();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.waitForURL(/login\/factor/);
    expect(await heading(page)).toBe('Confirm it’s you');
    await checkPage('provider-second-factor');
    await page.fill('input[name=otp]', '000000');
    await pressSubmit(page);
    await page.getByText('That code isn’t valid').waitFor();
    await page.getByText('Can’t use your phone or passkey?').click();
    await page.fill('input[name=recovery]', recovery);
    await checkPage('provider-second-factor-recovery');
    await page.getByRole('button', { name: 'Use recovery code' }).click();
    await page.waitForURL(/consent/);
    await allow(page);
    await expectLoggedIn(page, stage, person);
  }, 120_000);

  it('a role requires one: it is added during the login; an administrator sees and resets it', async () => {
    await open(true);
    const adminContext = await openContext(theatre.chromium, { reducedMotion: 'reduce' });
    const adminPage = await adminContext.newPage();
    await adminPage.goto(`${stage.issuer}/user/roles`);
    await submitLogin(adminPage, admin);
    await adminPage.waitForURL(/user\/roles/);
    faults.push(...(await portrait(adminPage, 'provider-roles')));
    await stage.commandWithInput(
      'correct horse battery staple',
      ...['user', 'add', '--username', 'dev', '--password-stdin', '--role', 'developer', '--json'],
    );
    const person = { username: 'dev', password: 'correct horse battery staple' };
    await adminPage.check('input[name=secondFactor][value=developer]');
    await pressSubmit(adminPage);
    await adminPage.getByText('Changes saved.').waitFor();

    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.waitForURL(/login\/factor/);
    expect(await heading(page)).toBe('Set up a second step');
    await checkPage('provider-second-factor-add');
    await page.fill('input[name=otp]', await (await scanCode(page))());
    await pressSubmit(page);
    await page.getByRole('link', { name: /I’ve saved them: continue to Gatehouse demo/ }).click();
    await page.waitForURL(/consent/);
    await allow(page);
    await expectLoggedIn(page, stage, person);

    await adminPage.goto(`${stage.issuer}/user?q=dev`);
    await adminPage.getByRole('link', { name: 'dev', exact: true }).click();
    await adminPage.getByRole('link', { name: /^Reset sign-in methods/ }).click();
    await adminPage.getByRole('heading', { name: 'Reset sign-in methods' }).waitFor();
    faults.push(...(await portrait(adminPage, 'provider-user-factors')));
    await adminPage.fill('input[name=username]', 'dev');
    await adminPage.getByRole('button', { name: 'Reset sign-in methods' }).click();
    await adminPage.getByText('Sign-in methods reset').waitFor();
    await adminContext.close();
  }, 120_000);

  it('works without JavaScript', async () => {
    await open(false);
    const person = await stage.addPerson();
    await page.goto(`${stage.issuer}/account/factors/app`);
    await submitLogin(page, person);
    const code = await scanCode(page);
    await page.fill('input[name=otp]', await code());
    await pressSubmit(page);
    await page.getByRole('link', { name: /I’ve saved them/ }).click();
    await leave();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.getByRole('checkbox', { name: /^Don’t ask again in this browser/ }).check();
    await page.fill('input[name=otp]', await code());
    await pressSubmit(page);
    await allow(page);
    await expectLoggedIn(page, stage, person);
    await page.goto(`${stage.issuer}/account/factors`);
    await page.getByText('this browser').waitFor();
    await leave();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await expectLoggedIn(page, stage, person);
  }, 120_000);
});
