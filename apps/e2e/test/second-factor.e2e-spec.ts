import { generateSync } from 'otplib';
import type { BrowserContext, Page } from 'playwright-core';
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

  async function look(name: string): Promise<void> {
    faults.push(...(await portrait(page, name)));
  }

  /** What an app shows that scanned the page's code; another one than the last, which is spent. */
  function appOf(secret: string): () => Promise<string> {
    let last = '';
    return async () => {
      for (;;) {
        const code = generateSync({ secret });
        if (code !== last) return (last = code);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
  }

  async function scan(): Promise<() => Promise<string>> {
    return appOf(((await page.textContent('#totp-secret')) ?? '').replaceAll(' ', ''));
  }

  async function leave(): Promise<void> {
    await context.clearCookies({ name: /client|session/ });
  }

  it('an app is added, asked for, and its pages are fit to look at', async () => {
    await open(true);
    const person = await stage.addPerson();
    await page.goto(`${stage.issuer}/account/factors`);
    await submitLogin(page, person);
    await page.waitForURL(/account\/factors/);
    await look('provider-factors-empty');
    await page.goto(`${stage.issuer}/account/passkeys`);
    await page.getByText('Passkeys need a host name').waitFor();
    await look('provider-passkeys-impossible');
    await page.goto(`${stage.issuer}/account/factors/app`);
    await look('provider-factor-app');
    const code = await scan();
    await page.fill('input[name=otp]', '000000');
    await pressSubmit(page);
    await page.locator('[aria-invalid=true]').waitFor();
    await look('provider-factor-app-problem');
    await page.fill('input[name=otp]', await code());
    await pressSubmit(page);
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    const recovery = (await page.locator('#recovery-codes li').first().textContent()) ?? '';
    await page.getByRole('link', { name: /I’ve saved them/ }).click();
    await page.getByText('The second factor was added').waitFor();
    await look('provider-factors');

    await leave();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.waitForURL(/login\/factor/);
    expect(await heading(page)).toBe('Confirm it’s you');
    await look('provider-second-factor');
    await page.fill('input[name=otp]', '000000');
    await pressSubmit(page);
    await page.getByText('That code didn’t work').waitFor();
    await page.getByText('Lost your phone or passkey?').click();
    await page.fill('input[name=recovery]', recovery);
    await look('provider-second-factor-recovery');
    await page.getByRole('button', { name: 'Use recovery code' }).click();
    await page.waitForURL(/consent/);
    await allow(page);
    await expectLoggedIn(page, stage, person);
  }, 120_000);

  it('a role demands one: it is added on the way; an administrator sees and resets it', async () => {
    await open(true);
    const boss = await openContext(theatre.chromium, { reducedMotion: 'reduce' });
    const theirs = await boss.newPage();
    await theirs.goto(`${stage.issuer}/user/roles`);
    await submitLogin(theirs, admin);
    await theirs.waitForURL(/user\/roles/);
    faults.push(...(await portrait(theirs, 'provider-roles')));
    await stage.commandWithInput(
      'correct horse battery staple',
      ...['user', 'add', '--username', 'dev', '--password-stdin', '--role', 'developer', '--json'],
    );
    const person = { username: 'dev', password: 'correct horse battery staple' };
    await theirs.check('input[name=secondFactor][value=developer]');
    await pressSubmit(theirs);
    await theirs.getByText('Saved.').waitFor();

    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.waitForURL(/login\/factor/);
    expect(await heading(page)).toBe('Set up a second step');
    await look('provider-second-factor-add');
    await page.fill('input[name=otp]', await (await scan())());
    await pressSubmit(page);
    await page.getByRole('link', { name: /I’ve saved them: continue to Gatehouse demo/ }).click();
    await page.waitForURL(/consent/);
    await allow(page);
    await expectLoggedIn(page, stage, person);

    await theirs.goto(`${stage.issuer}/user?q=dev`);
    await theirs.getByRole('link', { name: 'dev' }).first().click();
    await theirs.getByRole('link', { name: /^See and reset/ }).click();
    await theirs.getByRole('heading', { name: 'Second factors of dev' }).waitFor();
    faults.push(...(await portrait(theirs, 'provider-user-factors')));
    await theirs.fill('input[name=username]', 'dev');
    await theirs.getByRole('button', { name: 'Remove all second factors' }).click();
    await theirs.getByText('Their second factors are gone').waitFor();
    await boss.close();
  }, 120_000);

  it('works without JavaScript', async () => {
    await open(false);
    const person = await stage.addPerson();
    await page.goto(`${stage.issuer}/account/factors/app`);
    await submitLogin(page, person);
    const code = await scan();
    await page.fill('input[name=otp]', await code());
    await pressSubmit(page);
    await page.getByRole('link', { name: /I’ve saved them/ }).click();
    await leave();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.selectOption('select[name=trust]', '7');
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
