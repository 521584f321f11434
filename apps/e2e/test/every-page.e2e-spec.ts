import type { BrowserContext, Page } from 'playwright-core';
import { axeFaultsOf } from './support/axe.js';
import { openContext } from './support/chromium.js';
import { portrait } from './support/portrait.js';
import { clientAdminPassword, type Stage } from './support/stage.js';
import { allow, beginLogin, expectLoggedIn, pressSubmit, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

/** Every page of both applications: names to be read out, readable light and dark, no scrolling sideways, nothing blocked by CSP. */
describe('every page', () => {
  const admin = { username: 'admin', password: 'a gate needs its keeper' };
  const ada = { username: 'ada', password: 'the analytical engine' };
  const theatre = useTheatre({ adminPassword: admin.password });
  // Each test looks at dozens of pages, four times each.
  jest.setTimeout(240_000);
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  beforeEach(async () => {
    stage = theatre.stage;
    context = await openContext(theatre.chromium, { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    faults = [];
    page.on('console', (message) => {
      // An error page's own status is logged by the browser too.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  });
  afterEach(() => context.close());

  async function look(name: string): Promise<void> {
    faults.push(...(await portrait(page, name)));
  }

  it('is looked at by axe, which finds what is wrong', async () => {
    await page.setContent('<!doctype html><title>Wrong</title><main><h1>Wrong</h1><img src="x.png"><input></main>');
    const found = (await axeFaultsOf(page)).map((fault) => /axe ([a-z-]+)/.exec(fault)?.[1]);
    expect(found).toEqual(expect.arrayContaining(['image-alt', 'label', 'html-has-lang']));
  });

  it('of a login at the provider', async () => {
    await page.goto(`${stage.issuer}/nowhere`);
    await look('provider-not-found');
    await page.goto(`${stage.issuer}/oauth/authorize?client_id=nobody`);
    await look('provider-request-refused');
    await page.goto(`${stage.issuer}/oauth/authorize/gone`);
    await look('provider-request-expired');
    await page.goto(`${stage.issuer}/login`);
    await look('provider-login-alone');

    await page.goto(stage.clientUrl);
    await look('client-home');
    await page.goto(`${stage.clientUrl}/login?next=/messages`);
    await look('client-login');
    const authorization = page.waitForRequest(/\/oauth\/authorize\?/);
    await beginLogin(page, stage);
    await look('provider-login');
    await submitLogin(page, { username: 'ada', password: 'wrong' });
    await page.getByRole('alert').waitFor();
    await look('provider-login-wrong');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.waitForURL(/sign-up/);
    await look('provider-sign-up');
    await submitLogin(page, { username: 'not a name!', password: 'short' });
    await page.getByRole('alert').waitFor();
    await look('provider-sign-up-problems');
    await page.fill('input[name=name]', 'Ada Lovelace');
    await page.fill('input[name=email]', 'ada@example.org');
    await submitLogin(page, ada);
    await page.waitForURL(/consent/);
    await look('provider-consent');
    await allow(page);
    await expectLoggedIn(page, stage, ada);
    const more = new URLSearchParams({
      prompt: 'select_account',
      claims: '{"userinfo":{"phone_number":null,"address":{"essential":true}}}',
    });
    await page.goto(`${(await authorization).url()}&${more.toString()}`);
    await look('provider-choose-account');
    await page.getByRole('button', { name: `Continue as ${ada.username}` }).click();
    await page.waitForURL(/consent/);
    await look('provider-consent-claims');
    await page.goto(`${stage.issuer}/login`);
    await page.goto(`${stage.issuer}/user`);
    await look('provider-forbidden');
    await page.goto(`${stage.issuer}/home`);
    await look('provider-home-user');
    await page.goto(`${stage.issuer}/account`);
    await look('provider-account');
    await page.goto(`${stage.issuer}/account/email`);
    await look('provider-account-email');
    await page.goto(`${stage.issuer}/account/delete`);
    await look('provider-account-delete');
    await page.goto(`${stage.issuer}/account/profile`);
    await look('provider-profile');
    await page.goto(`${stage.issuer}/account`);
    await page.locator('input[name=currentPassword]').fill('wrong');
    await page.locator('input[name=newPassword]').fill('short');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.locator('[aria-invalid=true]').first().waitFor();
    await look('provider-account-problems');
    await page.goto(`${stage.issuer}/logout`);
    await look('provider-logout');
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
    await look('provider-logged-out');
    expect(faults).toEqual([]);
  });

  it('of the client', async () => {
    const person = await stage.addPerson();
    await page.goto(`${stage.clientUrl}/nowhere`);
    await look('client-not-found');
    await page.goto(`${stage.clientUrl}/authorized?state=unknown&code=x`);
    await look('client-login-over');
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.click('button[name=confirm][value=no]');
    await page.waitForURL((url) => url.origin === stage.clientUrl);
    await look('client-login-refused');
    await page.getByRole('button', { name: /^Try again/ }).click();
    await allow(page);
    await expectLoggedIn(page, stage, person);
    await look('client-logged-in');
    await page.getByRole('button', { name: 'Call the API' }).click();
    await page.waitForSelector('#api-answer');
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page.getByText('Refreshed', { exact: true }).waitFor();
    await look('client-refreshed');
    await page.goto(`${stage.clientUrl}/messages`);
    await look('client-messages');
    await page.goto(`${stage.clientUrl}/logout`);
    await look('client-logout');
    await page.goto(`${stage.clientUrl}/providers`);
    await look('client-unlock');
    await page.fill('input[name=password]', 'wrong password');
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await look('client-unlock-wrong');
    await page.fill('input[name=password]', clientAdminPassword);
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await page.getByRole('heading', { name: 'Providers' }).waitFor();
    await look('client-providers');
    await page.getByRole('link', { name: 'Add a provider' }).click();
    await page.waitForURL(/providers\/add/);
    await look('client-provider-add');
    await page.fill('input[name=issuer]', 'not an address');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').first().waitFor();
    await look('client-provider-problems');
    await page.goto(`${stage.clientUrl}/providers`);
    await page.getByRole('link', { name: /^Edit/ }).first().click();
    await page.waitForURL(/update/);
    await look('client-provider-edit');
    await page.goto(`${stage.clientUrl}/providers`);
    await page
      .getByRole('link', { name: /^Delete/ })
      .first()
      .click();
    await page.waitForURL(/delete/);
    await look('client-provider-delete');
    expect(faults).toEqual([]);
  });

  // It opens some forty pages in four looks each.
  it('of the administration', async () => {
    const people = await Promise.all(['grace', 'alan', 'barbara'].map((name) => stage.addPerson(name)));
    await stage.addClient('Photo album', 'https://photos.example.org');
    for (const person of people) {
      const own = await openContext(theatre.chromium);
      const theirs = await own.newPage();
      await beginLogin(theirs, stage);
      await submitLogin(theirs, person);
      await allow(theirs);
      await expectLoggedIn(theirs, stage, person);
      await own.close();
    }
    await page.goto(`${stage.issuer}/home`);
    await submitLogin(page, admin);
    await page.waitForURL(`${stage.issuer}/home`);
    await look('provider-home');
    await page.goto(`${stage.issuer}/client`);
    await look('provider-clients');
    await page.goto(`${stage.issuer}/client?q=nothing+like+it`);
    await look('provider-clients-none');
    await page.goto(`${stage.issuer}/client/add`);
    await look('provider-client-add');
    await page.fill('input[name=redirectUri]', 'http://not-loopback.example/cb');
    await page.getByRole('button', { name: 'Add the client' }).click();
    await page.getByRole('alert').waitFor();
    await look('provider-client-problems');
    await page.fill('input[name=name]', 'Weather station');
    await page
      .locator('input[name=redirectUri]')
      .first()
      .fill(`https://weather.example.org/${'a-long-path/'.repeat(12)}callback`);
    await page.getByRole('button', { name: 'Add the client' }).click();
    await page.waitForSelector('#client-secret');
    await look('provider-client-secret');
    await page.getByRole('link', { name: 'I have copied it' }).click();
    await page.waitForURL(/update/);
    await look('provider-client-edit');
    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    await page.waitForURL(/client\/roles/);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await look('provider-client-roles');
    await page.goBack();
    await page.goBack();
    await page.waitForURL(/update/);
    await page.getByRole('link', { name: /^Delete this client/ }).click();
    await page.waitForURL(/delete/);
    await look('provider-client-delete');
    await page.getByRole('button', { name: 'Delete the client' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await look('provider-client-delete-problem');

    await page.goto(`${stage.issuer}/resource`);
    await look('provider-resources-none');
    await page.getByRole('link', { name: 'Add an API' }).click();
    await page.waitForURL(/resource\/add/);
    await look('provider-resource-add');
    await page.fill('input[name=identifier]', 'http://not-loopback.example/');
    await page.getByRole('button', { name: 'Add the API' }).click();
    await page.getByRole('alert').waitFor();
    await look('provider-resource-problems');
    await page.fill('input[name=identifier]', 'https://documents.example.org/api/with/a/rather/long/path');
    await page.fill('input[name=name]', 'Documents');
    await page.fill('input[name=scope]', 'documents:read');
    await page.fill('input[name=sentence]', 'Read your documents');
    await page.getByRole('button', { name: 'Add the API' }).click();
    await page.waitForURL(/resource\/update/);
    await look('provider-resource-edit');
    await page.getByRole('button', { name: 'Make credentials' }).click();
    await page.waitForSelector('#client-secret');
    await look('provider-resource-credentials');
    await page.goto(`${stage.issuer}/resource`);
    await look('provider-resources');
    await page.getByRole('link', { name: 'Documents' }).click();
    await page.getByRole('link', { name: /^Delete this API/ }).click();
    await page.waitForURL(/delete/);
    await look('provider-resource-delete');

    await page.goto(`${stage.issuer}/user/invite`);
    await look('provider-invite');
    await page.fill('textarea[name=emails]', 'grace@example.org, nobody');
    await page.getByRole('button', { name: 'Create the invitations' }).click();
    await page.getByText('Not an e-mail address').waitFor();
    await look('provider-invite-problems');
    await page.fill(
      'textarea[name=emails]',
      'grace@example.org\na-rather-long-address.of-somebody@a-long-domain.example.org',
    );
    await page.getByRole('button', { name: 'Create the invitations' }).click();
    await page.getByText('no mail is sent').waitFor();
    await look('provider-invited');
    await page.goto(`${stage.issuer}/user`);
    await look('provider-users');
    await page.getByRole('link', { name: 'Add a user' }).click();
    await page.waitForURL(/user\/add/);
    await look('provider-user-add');
    await page.fill('input[name=username]', 'admin');
    await page.getByRole('button', { name: 'Add the user' }).click();
    await page.getByRole('alert').waitFor();
    await look('provider-user-problems');
    await page.fill('input[name=username]', 'hedy');
    await page.getByRole('button', { name: 'Add the user' }).click();
    await page.waitForSelector('#one-time-link');
    await look('provider-user-link');
    const link = (await page.textContent('#one-time-link')) ?? '';
    await page.getByRole('link', { name: 'I have copied it' }).click();
    await page.waitForURL(/update/);
    await look('provider-user-edit');
    await page.getByRole('link', { name: /^Delete this user/ }).click();
    await page.waitForURL(/delete/);
    await look('provider-user-delete');
    await page.goto(`${stage.issuer}/grant`);
    await look('provider-grants');
    await page.goto(`${stage.issuer}/token`);
    await look('provider-tokens');
    await page.goto(`${stage.issuer}/client/update/nobody`);
    await look('provider-record-not-found');

    await page.goto(`${stage.issuer}/oauth/authorize?client_id=nobody&redirect_uri=https%3A%2F%2Fnobody.example%2F`);
    const refused = (await page.textContent('#request-id'))?.trim() ?? '';
    await page.goto(`${stage.issuer}/admin`);
    await look('provider-dashboard');
    await page.getByRole('link', { name: /^Audit log/ }).first().click();
    await page.waitForURL(/audit/);
    await page.locator('.feed summary').first().click();
    await look('provider-audit');
    await page.goto(`${stage.issuer}/audit?user=nobody`);
    await look('provider-audit-none');
    await page.waitForTimeout(1500);
    await page.goto(`${stage.issuer}/failed-request`);
    await look('provider-refusals');
    await page.fill('input[name=id]', refused);
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('heading', { name: 'Why was this refused?' }).waitFor();
    await look('provider-refusal');
    await page.goto(`${stage.issuer}/session`);
    await look('provider-sessions');
    await page.goto(`${stage.issuer}/key`);
    await page.getByText('A key was leaked…').click();
    await page.getByRole('button', { name: 'Replace keys now' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await look('provider-keys');
    await page.goto(`${stage.issuer}/issuer`);
    await look('provider-issuers-none');
    await page.getByRole('link', { name: 'Add an issuer' }).click();
    await page.getByRole('button', { name: 'Add the issuer' }).click();
    await page.getByRole('alert').waitFor();
    await look('provider-issuer-problems');
    await page.goto(`${stage.issuer}/message`);
    await look('provider-messages');
    await page.goto(`${stage.issuer}/admin/system`);
    await look('provider-system');
    await page.goto(`${stage.issuer}/api/admin/v1/docs`);
    await look('provider-api');
    await page.goto(`${stage.issuer}/account/security`);
    await look('provider-security');

    // A sign-in that began in this browser, with nobody signed in, is what the page leads on to.
    await context.clearCookies();
    await beginLogin(page, stage);
    await page.waitForURL(/login/);
    await page.goto(link);
    await look('provider-set-password');
    await page.fill('input[name=password]', 'short');
    await pressSubmit(page);
    await page.getByRole('alert').waitFor();
    await look('provider-set-password-problem');
    await page.fill('input[name=password]', 'frequency hopping');
    await pressSubmit(page);
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    await look('provider-password-set');
    await page.goto(link);
    await look('provider-link-spent');
    expect(faults).toEqual([]);
  });

  it('of the client while its provider is away', async () => {
    const person = await stage.addPerson();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await allow(page);
    await expectLoggedIn(page, stage, person);
    try {
      await stage.provider.kill();
      await page.getByRole('button', { name: 'Call the API' }).click();
      await page.waitForLoadState();
      await look('client-provider-away');
      await page.goto(`${stage.clientUrl}/logout`);
      await page.getByRole('button', { name: 'Log out here', exact: true }).click();
      await page.getByRole('heading', { name: 'You are not logged in' }).waitFor();
    } finally {
      await stage.restartProvider('kill');
    }
    expect(faults).toEqual([]);
  });
});
