import type { BrowserContext, Page } from 'playwright-core';
import { openContext } from './support/chromium.js';
import type { Stage } from './support/stage.js';
import { allow, beginLogin, expectLoggedIn, heading, pressSubmit, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

describe('without JavaScript', () => {
  const adminPassword = 'a gate needs its keeper';
  const theatre = useTheatre({ adminPassword });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;

  beforeEach(async () => {
    stage = theatre.stage;
    context = await openContext(theatre.chromium, { javaScriptEnabled: false });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  it('a new user signs up, consents, uses the token, and logs out at the client and at the provider', async () => {
    const ada = { username: 'ada', password: 'the analytical engine' };
    await beginLogin(page, stage);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await submitLogin(page, ada);
    await allow(page);
    await expectLoggedIn(page, stage, ada);
    await page.getByRole('button', { name: 'Call the API' }).click();
    await page.waitForSelector('#api-answer');
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page.getByText('Refreshed', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Sign out of this application and/ }).click();
    await page.getByRole('heading', { name: 'You’re not signed in' }).waitFor();
    await beginLogin(page, stage);
    expect(await heading(page)).toMatch(/^Sign in/);
  });

  it('language and theme of the client are chosen by links', async () => {
    await page.goto(`${stage.clientUrl}/login?next=/messages`);
    await page.getByRole('link', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    expect(page.url()).toBe(`${stage.clientUrl}/login?next=/messages`);
    await page.getByRole('link', { name: 'Dunkel' }).click();
    await page.locator('html[data-theme=dark][lang=de]').waitFor();
    await page.getByRole('link', { name: 'Automatisch' }).click();
    await page.locator('html:not([data-theme])').waitFor();
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('the client forms add and remove redirect URIs and scopes and keep all input', async () => {
    await page.goto(`${stage.issuer}/client/add`);
    await submitLogin(page, { username: 'admin', password: adminPassword });
    await page.waitForURL(`${stage.issuer}/client/add`);
    const uris = page.locator('input[name=redirectUri]');
    const scopes = page.locator('input[name=scope]');

    await page.fill('input[name=name]', 'Without scripts');
    await page.check('input[name=kind][value=spa]');
    await page.check('input[name=kind][value=web]');
    await uris.nth(0).fill('https://one.example/cb');
    await page.click('button[value=add-redirect-uri]');
    await uris.nth(1).fill('https://two.example/cb');
    await page.click('button[value=add-redirect-uri]');
    await uris.nth(2).fill('https://three.example/cb');
    await page.click('button[value="remove-redirect-uri:0"]');
    expect(await page.inputValue('input[name=name]')).toBe('Without scripts');
    expect(await page.isChecked('input[name=kind][value=web]')).toBe(true);
    expect(await valuesOf('redirectUri')).toEqual(['https://two.example/cb', 'https://three.example/cb']);

    // An error is shown with its message next to the field, and all input is kept.
    await uris.nth(0).fill('http://not-loopback.example/cb');
    await page.getByRole('button', { name: 'Add application' }).click();
    await page.locator('input[name=redirectUri][aria-invalid=true]').waitFor();
    expect(await page.locator('input[name=redirectUri][aria-invalid=true]').count()).toBe(1);
    await uris.nth(0).fill('https://two.example/cb');
    await page.getByRole('button', { name: 'Add application' }).click();
    await page.waitForSelector('#client-secret');
    await page.getByRole('link', { name: 'I’ve copied it' }).click();
    await page.waitForURL(/client\/update/);
    expect(await valuesOf('redirectUri')).toEqual(['https://two.example/cb', 'https://three.example/cb']);

    await page.click('button[value=add-redirect-uri]');
    await uris.nth(2).fill('https://one.example/cb');
    await page.check('input[name=defaultRedirectUri][value="2"]');
    await page.click('button[value="remove-redirect-uri:0"]');
    // The default moved up with its row.
    expect(await page.isChecked('input[name=defaultRedirectUri][value="1"]')).toBe(true);

    await page.getByRole('link', { name: 'Scopes and claims' }).click();
    await page.waitForURL(/scopes$/);
    const before = await scopes.count();
    await page.click('button[value=add-scope]');
    await scopes.nth(before).fill('address');
    await page.click('button[value="remove-scope:1"]');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Changes saved.').waitFor();
    expect(await valuesOf('scope')).toEqual(['openid', 'email', 'offline_access', 'address']);

    await page.getByRole('link', { name: 'Danger zone' }).click();
    await page.getByRole('link', { name: /^Delete application/ }).click();
    await page.fill('input[name=name]', 'Without scripts');
    await page.getByRole('button', { name: 'Delete application' }).click();
    await page.getByRole('heading', { name: 'Applications', level: 1 }).waitFor();
  });

  it('an administrator adds a user, who sets the password with the link', async () => {
    await page.goto(`${stage.issuer}/user/add`);
    await submitLogin(page, { username: 'admin', password: adminPassword });
    await page.fill('input[name=username]', 'grace');
    await page.getByRole('button', { name: 'Add user' }).click();
    const link = (await page.textContent('#one-time-link')) ?? '';
    const own = await openContext(theatre.chromium, { javaScriptEnabled: false });
    const hers = await own.newPage();
    await hers.goto(link);
    await hers.fill('input[name=password]', 'nanoseconds of wire');
    await pressSubmit(hers);
    // An administrator created the link, so it also signs the user in.
    await hers.waitForURL(`${stage.issuer}/home`);
    await own.close();
  });

  function valuesOf(name: string): Promise<string[]> {
    // No script runs in the page, so this is the attribute that the server sent.
    return page
      .locator(`input[name=${name}]`)
      .evaluateAll((fields) => fields.map((field) => field.getAttribute('value') ?? ''));
  }
});
