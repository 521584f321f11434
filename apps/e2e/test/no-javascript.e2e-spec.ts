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
    await page.getByRole('button', { name: /^Log out here and at/ }).click();
    await page.getByRole('heading', { name: 'You are not logged in' }).waitFor();
    await beginLogin(page, stage);
    expect(await heading(page)).toMatch(/^Sign in/);
  });

  it('the client form adds and removes redirect URIs and scopes and keeps all input', async () => {
    await page.goto(`${stage.issuer}/client/add`);
    await submitLogin(page, { username: 'admin', password: adminPassword });
    await page.waitForURL(`${stage.issuer}/client/add`);
    const uris = page.locator('input[name=redirectUri]');
    const scopes = page.locator('input[name=scope]');

    await page.fill('input[name=name]', 'Without scripts');
    await page.check('input[name=grantType][value=client_credentials]');
    await uris.nth(0).fill('https://one.example/cb');
    await page.click('button[value=add-redirect-uri]');
    await uris.nth(1).fill('https://two.example/cb');
    await page.click('button[value=add-redirect-uri]');
    await uris.nth(2).fill('https://three.example/cb');
    await page.check('input[name=defaultRedirectUri][value="2"]');
    const before = await scopes.count();
    await page.click('button[value=add-scope]');
    await scopes.nth(before).fill('offline_access');
    await page.click('button[value="remove-redirect-uri:0"]');

    expect(await page.inputValue('input[name=name]')).toBe('Without scripts');
    expect(await page.isChecked('input[name=grantType][value=client_credentials]')).toBe(true);
    expect(await valuesOf('redirectUri')).toEqual(['https://two.example/cb', 'https://three.example/cb']);
    // The default moved with its row.
    expect(await page.isChecked('input[name=defaultRedirectUri][value="1"]')).toBe(true);
    expect(await valuesOf('scope')).toContain('offline_access');
    await page.click('button[value="remove-scope:1"]');
    expect(await valuesOf('scope')).not.toContain('profile');

    // An error is shown with its message next to the field, and all input is kept.
    await uris.nth(0).fill('http://not-loopback.example/cb');
    await page.getByRole('button', { name: 'Add the client' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.locator('input[name=redirectUri][aria-invalid=true]').count()).toBe(1);
    await uris.nth(0).fill('https://two.example/cb');
    await page.getByRole('button', { name: 'Add the client' }).click();
    await page.waitForSelector('#client-secret');
    await page.getByRole('link', { name: 'I have copied it' }).click();
    expect(await valuesOf('redirectUri')).toEqual(['https://two.example/cb', 'https://three.example/cb']);
    expect(await valuesOf('scope')).toEqual(['openid', 'email', 'offline_access']);

    await page.getByRole('link', { name: /^Delete this client/ }).click();
    await page.fill('input[name=name]', 'Without scripts');
    await page.getByRole('button', { name: 'Delete the client' }).click();
    await page.getByRole('heading', { name: 'Clients' }).waitFor();
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
