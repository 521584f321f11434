import type { BrowserContext, Page } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { clientAdminPassword, type Person, type Stage } from './support/stage.js';
import { allow, beginLogin, expectLoggedIn, heading, pressSubmit, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

describe('a new user', () => {
  const theatre = useTheatre();
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;

  beforeEach(async () => {
    stage = theatre.stage;
    context = await openContext(theatre.chromium);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  it('signs up during the login, consents, uses the token, logs out, returns without a second consent, logs out everywhere', async () => {
    const ada: Person = { username: 'ada', password: 'the analytical engine' };
    await page.goto(stage.clientUrl);
    expect(await heading(page)).toBe('You’re not signed in');
    await beginLogin(page, stage);
    expect(await heading(page)).toBe('Sign in to Gatehouse demo');

    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.fill('input[name=name]', 'Ada Lovelace');
    await submitLogin(page, ada);

    expect(await heading(page)).toMatch(/^Allow .+ to access your account\?$/);
    expect(await page.textContent('.account-pick')).toContain('ada');
    expect(await page.textContent('main')).toContain('This will let Gatehouse demo:');
    expect(await page.textContent('main')).toContain('See your e-mail address');
    await allow(page);

    await expectLoggedIn(page, stage, ada);
    expect(await page.textContent('#id-token-claims')).toContain(stage.issuer);
    expect(await page.textContent('section.card')).toMatch(/bearer/i);

    await page.getByRole('button', { name: 'Call the API' }).click();
    await page.waitForSelector('#api-answer');
    expect(JSON.parse((await page.textContent('#api-answer pre')) ?? '')).toEqual({ username: 'ada' });

    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page.getByText('Refreshed', { exact: true }).waitFor();
    await expectLoggedIn(page, stage, ada);

    await page.getByRole('button', { name: 'Sign out of this application', exact: true }).click();
    await page.getByRole('heading', { name: 'You’re not signed in' }).waitFor();

    // The provider session and the consent are still valid, so one click is enough.
    await beginLogin(page, stage);
    await expectLoggedIn(page, stage, ada);

    await page.getByRole('button', { name: /^Sign out of this application and/ }).click();
    await page.waitForURL(`${stage.clientUrl}/`);
    expect(await heading(page)).toBe('You’re not signed in');

    // Now the provider requires a login, but no consent.
    await beginLogin(page, stage);
    expect(await heading(page)).toMatch(/^Sign in/);
    await submitLogin(page, ada);
    await expectLoggedIn(page, stage, ada);
  });

  it('returns to the client with an explanation after denying consent', async () => {
    const person = await stage.addPerson();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.click('button[name=confirm][value=no]');
    await page.waitForURL((url) => url.origin === stage.clientUrl);
    expect(await page.textContent('main')).toContain('access_denied');
    await page.getByRole('button', { name: /^Try again/ }).click();
    await allow(page);
    await expectLoggedIn(page, stage, person);
  });

  it('returns to the requested page of the client', async () => {
    const person = await stage.addPerson();
    await page.goto(`${stage.clientUrl}/login?next=/messages`);
    await page.getByRole('button', { name: /^Sign in with/ }).click();
    await submitLogin(page, person);
    await allow(page);
    await page.waitForURL(`${stage.clientUrl}/messages`);
    expect(await heading(page)).toBe('What was sent and received');
  });

  it('is the first administrator: sets the password with the printed link, adds a client, and logs in with it', async () => {
    const admin: Person = { username: 'admin', password: 'a gate needs its keeper' };
    const [, link = ''] = await stage.provider.says(/^set the password of admin: (\S+)$/m);
    await page.goto(link);
    await page.fill('input[name=password]', admin.password);
    await pressSubmit(page);
    await page.waitForURL(`${stage.issuer}/home`);

    await page.getByRole('link', { name: 'Clients' }).first().click();
    await page.getByRole('link', { name: 'Add application' }).first().click();
    await page.fill('input[name=name]', 'Made by hand');
    await page.locator('input[name=redirectUri]').first().fill(`${stage.clientUrl}/somewhere-else`);
    await page.click('button[value=add-redirect-uri]');
    await page.locator('input[name=redirectUri]').nth(1).fill(`${stage.clientUrl}/authorized`);
    await page.click('button[value=add-redirect-uri]');
    await page.locator('input[name=redirectUri]').nth(2).fill('https://wrong.example/');
    await page.click('button[value="remove-redirect-uri:2"]');
    expect(await page.inputValue('input[name=name]')).toBe('Made by hand');
    expect(await page.locator('input[name=redirectUri]').count()).toBe(2);
    await page.getByRole('button', { name: 'Add application' }).click();

    await page.waitForSelector('#client-secret');
    const [id, secret] = [await page.textContent('#client-id'), await page.textContent('#client-secret')];
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    await page.getByRole('link', { name: 'I’ve copied it' }).click();
    await page.waitForURL(/client\/update/);
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('link', { name: 'Advanced' }).click();
    await page.click('button[value=add-post-logout-redirect-uri]');
    await page.locator('input[name=postLogoutRedirectUri]').first().fill(`${stage.clientUrl}/`);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Changes saved.').waitFor();

    await page.goto(`${stage.clientUrl}/providers/add`);
    await page.fill('input[name=password]', clientAdminPassword);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.fill('input[name=name]', 'The second gate');
    await page.fill('input[name=issuer]', stage.issuer);
    await page.fill('input[name=client_id]', id ?? '');
    await page.fill('input[name=client_secret]', secret ?? '');
    await page.fill('input[name=scope]', 'openid profile email');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'The second gate', exact: true }).waitFor();

    await page.goto(stage.clientUrl);
    await page.getByRole('button', { name: 'Sign in with The second gate' }).click();
    expect(await page.textContent('main')).toContain('This will let Made by hand:');
    await allow(page);
    await expectLoggedIn(page, stage, admin);
  });

  it('can log in at a new provider with the default values of the forms of both applications', async () => {
    const keeper = { username: 'form-keeper', password: 'another keeper of forms' };
    await stage.commandWithInput(
      keeper.password,
      'user',
      'add',
      '--username',
      keeper.username,
      '--password-stdin',
      '--role',
      'admin',
      '--json',
    );
    await page.goto(`${stage.issuer}/client/add`);
    await submitLogin(page, keeper);
    await page.waitForURL(`${stage.issuer}/client/add`);
    await page.fill('input[name=name]', 'Left as it is');
    await page.fill('input[name=redirectUri]', `${stage.clientUrl}/authorized`);
    await page.getByRole('button', { name: 'Add application' }).click();
    await page.getByRole('link', { name: 'I’ve copied it' }).click();
    await page.getByRole('link', { name: 'Scopes and claims' }).click();
    await page.waitForURL(/scopes$/);
    const offered = await page
      .locator('input[name=scope]')
      .evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value));
    await page.goto(`${stage.clientUrl}/providers/add`);
    await page.fill('input[name=password]', clientAdminPassword);
    await page.getByRole('button', { name: 'Continue' }).click();
    const asked = (await page.inputValue('input[name=scope]')).split(' ');
    expect(offered).toEqual(expect.arrayContaining(asked));
  });

  it('may change the client’s providers with the role admin, without the client’s password', async () => {
    const keeper = { username: 'keeper', password: 'another keeper of keys' };
    await stage.commandWithInput(
      keeper.password,
      'user',
      'add',
      '--username',
      'keeper',
      '--password-stdin',
      '--role',
      'admin',
      '--json',
    );
    await page.goto(stage.clientUrl);
    await page.goto(`${stage.clientUrl}/providers`);
    await page
      .getByRole('button', { name: /^Sign in with/ })
      .first()
      .click();
    await submitLogin(page, keeper);
    await allow(page);
    await page.waitForURL(`${stage.clientUrl}/providers`);
    expect(await heading(page)).toBe('Providers');
  });
});
