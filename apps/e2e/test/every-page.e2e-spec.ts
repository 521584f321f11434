import type { BrowserContext, Page } from 'playwright-core';
import { axeFaultsOf } from './support/axe.js';
import { openContext } from './support/chromium.js';
import { designRules, portrait } from './support/portrait.js';
import { clientAdminPassword, type Stage } from './support/stage.js';
import { allow, beginLogin, expectLoggedIn, pressSubmit, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

/** Every page of both applications: accessible names, contrast in light and dark mode, no horizontal scrolling, no CSP violations. */
describe('every page', () => {
  const admin = { username: 'admin', password: 'a gate needs its keeper' };
  const ada = { username: 'ada', password: 'the analytical engine' };
  const theatre = useTheatre({ adminPassword: admin.password });
  // Each test checks dozens of pages in four variants.
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
      // The browser also logs the status of an error page.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  });
  afterEach(() => context.close());

  async function checkPage(name: string): Promise<void> {
    const rules = name.startsWith('client-') ? designRules : undefined;
    faults.push(...(await portrait(page, name, rules)));
  }

  it('is checked with axe, which detects violations', async () => {
    await page.setContent('<!doctype html><title>Wrong</title><main><h1>Wrong</h1><img src="x.png"><input></main>');
    const found = (await axeFaultsOf(page)).map((fault) => /axe ([a-z-]+)/.exec(fault)?.[1]);
    expect(found).toEqual(expect.arrayContaining(['image-alt', 'label', 'html-has-lang']));
  });

  it('of a login at the provider', async () => {
    await page.goto(`${stage.issuer}/nowhere`);
    await checkPage('provider-not-found');
    await page.goto(`${stage.issuer}/oauth/authorize?client_id=nobody`);
    await checkPage('provider-request-refused');
    await page.goto(`${stage.issuer}/oauth/authorize/gone`);
    await checkPage('provider-request-expired');
    await page.goto(`${stage.issuer}/login`);
    await checkPage('provider-login-alone');

    await page.goto(stage.clientUrl);
    await checkPage('client-home');
    await page.goto(`${stage.clientUrl}/login?next=/messages`);
    await checkPage('client-login');
    const authorization = page.waitForRequest(/\/oauth\/authorize\?/);
    await beginLogin(page, stage);
    await checkPage('provider-login');
    await submitLogin(page, { username: 'ada', password: 'wrong' });
    await page.getByRole('alert').waitFor();
    await checkPage('provider-login-wrong');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.waitForURL(/sign-up/);
    await checkPage('provider-sign-up');
    await submitLogin(page, { username: 'not a name!', password: 'short' });
    await page.getByRole('alert').waitFor();
    await checkPage('provider-sign-up-problems');
    await page.fill('input[name=name]', 'Ada Lovelace');
    await page.fill('input[name=email]', 'ada@example.org');
    await submitLogin(page, ada);
    await page.waitForURL(/consent/);
    await checkPage('provider-consent');
    await allow(page);
    await expectLoggedIn(page, stage, ada);
    const more = new URLSearchParams({
      prompt: 'select_account',
      claims: '{"userinfo":{"phone_number":null,"address":{"essential":true}}}',
    });
    await page.goto(`${(await authorization).url()}&${more.toString()}`);
    await checkPage('provider-choose-account');
    await page.getByRole('button', { name: `Continue as ${ada.username}` }).click();
    await page.waitForURL(/consent/);
    await checkPage('provider-consent-claims');
    await page.goto(`${stage.issuer}/login`);
    await page.goto(`${stage.issuer}/user`);
    await checkPage('provider-forbidden');
    await page.goto(`${stage.issuer}/home`);
    await checkPage('provider-home-user');
    await page.goto(`${stage.issuer}/account`);
    await checkPage('provider-account');
    await page.goto(`${stage.issuer}/account/email`);
    await checkPage('provider-account-email');
    await page.goto(`${stage.issuer}/account/delete`);
    await checkPage('provider-account-delete');
    await page.goto(`${stage.issuer}/account/profile`);
    await checkPage('provider-profile');
    await page.goto(`${stage.issuer}/account`);
    await page.locator('input[name=currentPassword]').fill('wrong');
    await page.locator('input[name=newPassword]').fill('short');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.locator('[aria-invalid=true]').first().waitFor();
    await checkPage('provider-account-problems');
    await page.goto(`${stage.issuer}/logout`);
    await checkPage('provider-logout');
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You’re signed out' }).waitFor();
    await checkPage('provider-logged-out');
    expect(faults).toEqual([]);
  });

  it('of the client', async () => {
    const person = await stage.addPerson();
    await page.goto(`${stage.clientUrl}/nowhere`);
    await checkPage('client-not-found');
    await page.goto(`${stage.clientUrl}/authorized?state=unknown&code=x`);
    await checkPage('client-login-over');
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await page.click('button[name=confirm][value=no]');
    await page.waitForURL((url) => url.origin === stage.clientUrl);
    await page.getByText('What was sent and received').click();
    await checkPage('client-login-refused');
    await page.getByRole('button', { name: /^Try again/ }).click();
    await allow(page);
    await expectLoggedIn(page, stage, person);
    await checkPage('client-logged-in');
    await page.getByRole('button', { name: 'Call the API' }).click();
    await page.waitForSelector('#api-answer');
    await page.locator('details.menu > summary').click();
    await checkPage('client-api-answer');
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page.getByText('Refreshed', { exact: true }).waitFor();
    await checkPage('client-refreshed');
    await page.goto(`${stage.clientUrl}/messages`);
    await checkPage('client-messages');
    await page.goto(`${stage.clientUrl}/logout`);
    await checkPage('client-logout');
    await page.goto(`${stage.clientUrl}/login`);
    await checkPage('client-login-signed-in');
    const begin = await page.locator('form[action^="/login/"]').first().getAttribute('action');
    await page.goto(`${stage.clientUrl}${begin}`);
    await checkPage('client-login-begin');
    await context.addCookies([{ name: 'gatehouse_language', value: 'de', url: stage.clientUrl }]);
    for (const [path, name] of [
      ['/', 'client-german'],
      ['/messages', 'client-german-messages'],
      ['/logout', 'client-german-logout'],
    ] as const) {
      await page.goto(`${stage.clientUrl}${path}`);
      await checkPage(name);
    }
    await context.addCookies([{ name: 'gatehouse_language', value: 'en', url: stage.clientUrl }]);
    await page.goto(`${stage.clientUrl}/providers`);
    await checkPage('client-unlock');
    await page.fill('input[name=password]', 'wrong password');
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('client-unlock-wrong');
    await page.fill('input[name=password]', clientAdminPassword);
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await page.getByRole('heading', { name: 'Providers' }).waitFor();
    await checkPage('client-providers');
    await page.getByRole('link', { name: 'Add provider' }).click();
    await page.waitForURL(/providers\/add/);
    await checkPage('client-provider-add');
    await page.fill('input[name=issuer]', 'not an address');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').first().waitFor();
    await checkPage('client-provider-problems');
    await page.goto(`${stage.clientUrl}/providers`);
    await page.getByRole('link', { name: /^Edit/ }).first().click();
    await page.waitForURL(/update/);
    await checkPage('client-provider-edit');
    await page.goto(`${stage.clientUrl}/providers`);
    await page
      .getByRole('link', { name: /^Delete/ })
      .first()
      .click();
    await page.waitForURL(/delete/);
    await checkPage('client-provider-delete');
    expect(faults).toEqual([]);
  });

  // It opens about forty pages in four variants.
  it('of the administration', async () => {
    const people = [await stage.addPerson('grace'), await stage.addPerson('alan'), await stage.addPerson('barbara')];
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
    await checkPage('provider-home');
    await page.goto(`${stage.issuer}/client`);
    await checkPage('provider-clients');
    await page.goto(`${stage.issuer}/client?q=nothing+like+it`);
    await checkPage('provider-clients-none');
    await page.goto(`${stage.issuer}/client/add`);
    await checkPage('provider-client-add');
    await page.fill('input[name=redirectUri]', 'http://not-loopback.example/cb');
    await page.getByRole('button', { name: 'Add application' }).click();
    await page.getByRole('alert').waitFor();
    await checkPage('provider-client-problems');
    await page.fill('input[name=name]', 'Weather station');
    await page
      .locator('input[name=redirectUri]')
      .first()
      .fill(`https://weather.example.org/${'a-long-path/'.repeat(12)}callback`);
    await page.getByRole('button', { name: 'Add application' }).click();
    await page.waitForSelector('#client-secret');
    await checkPage('provider-client-secret');
    await page.getByRole('link', { name: 'I’ve copied it' }).click();
    await page.waitForURL(/update/);
    await checkPage('provider-client-edit');
    for (const [tab, name] of [
      ['Scopes and claims', 'scopes'],
      ['Tokens', 'tokens'],
      ['Advanced', 'advanced'],
      ['Danger zone', 'danger'],
    ] as const) {
      await page.getByRole('navigation', { name: 'Weather station' }).getByRole('link', { name: tab }).click();
      await page.waitForURL(new RegExp(`/${name}$`));
      await checkPage(`provider-client-${name}`);
    }
    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    await page.waitForURL(/client\/roles/);
    await page.getByRole('button', { name: 'Save roles' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-client-roles');
    await page.getByRole('link', { name: 'Danger zone' }).click();
    await page.getByRole('link', { name: /^Delete application/ }).click();
    await page.waitForURL(/delete/);
    await checkPage('provider-client-delete');
    await page.getByRole('button', { name: 'Delete application' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-client-delete-problem');

    await page.goto(`${stage.issuer}/resource`);
    await checkPage('provider-resources-none');
    await page.getByRole('link', { name: 'Add API' }).first().click();
    await page.waitForURL(/resource\/add/);
    await checkPage('provider-resource-add');
    await page.fill('input[name=identifier]', 'http://not-loopback.example/');
    await page.getByRole('button', { name: 'Add API' }).click();
    await page.getByRole('alert').waitFor();
    await checkPage('provider-resource-problems');
    await page.fill('input[name=identifier]', 'https://documents.example.org/api/with/a/rather/long/path');
    await page.fill('input[name=name]', 'Documents');
    await page.fill('input[name=scope]', 'documents:read');
    await page.fill('input[name=sentence]', 'Read your documents');
    await page.getByRole('button', { name: 'Add API' }).click();
    await page.waitForURL(/resource\/update/);
    await checkPage('provider-resource-edit');
    await page.getByRole('button', { name: 'Create credentials' }).click();
    await page.waitForSelector('#client-secret');
    await checkPage('provider-resource-credentials');
    await page.goto(`${stage.issuer}/resource`);
    await checkPage('provider-resources');
    await page.getByRole('link', { name: 'Documents' }).click();
    await page.getByRole('link', { name: /^Delete API/ }).click();
    await page.waitForURL(/delete/);
    await checkPage('provider-resource-delete');

    await page.goto(`${stage.issuer}/user/invite`);
    await checkPage('provider-invite');
    await page.fill('textarea[name=emails]', 'grace@example.org, nobody');
    await page.getByRole('button', { name: 'Create invitations' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-invite-problems');
    await page.fill(
      'textarea[name=emails]',
      'grace@example.org\na-rather-long-address.of-somebody@a-long-domain.example.org',
    );
    await page.getByRole('button', { name: 'Create invitations' }).click();
    await page.getByRole('heading', { name: '2 invitations created' }).waitFor();
    await checkPage('provider-invited');
    await page.goto(`${stage.issuer}/user`);
    await checkPage('provider-users');
    await page.getByRole('link', { name: 'Add user' }).click();
    await page.waitForURL(/user\/add/);
    await checkPage('provider-user-add');
    await page.fill('input[name=username]', 'admin');
    await page.getByRole('button', { name: 'Add user' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-user-problems');
    await page.fill('input[name=username]', 'hedy');
    await page.getByRole('button', { name: 'Add user' }).click();
    await page.waitForSelector('#one-time-link');
    await checkPage('provider-user-link');
    const link = (await page.textContent('#one-time-link')) ?? '';
    await page.getByRole('link', { name: 'I’ve copied it' }).click();
    await page.waitForURL(/update/);
    await checkPage('provider-user-edit');
    await page.getByRole('link', { name: 'Delete user…' }).click();
    await page.waitForURL(/delete/);
    await checkPage('provider-user-delete');
    await page.goto(`${stage.issuer}/user?q=grace`);
    await page.getByRole('link', { name: /^grace/ }).click();
    for (const tab of ['Sign-in methods', 'Sessions', 'Apps', 'Activity']) {
      await page.getByRole('link', { name: tab, exact: true }).last().click();
      await page.getByRole('main').locator(`a[aria-current=page]:text-is("${tab}")`).waitFor();
      await checkPage(`provider-user-${tab.toLowerCase().replaceAll(' ', '-')}`);
    }
    await page.goto(`${stage.issuer}/user?status=active`);
    await page.getByRole('checkbox', { name: 'Select grace' }).check();
    await page.getByRole('checkbox', { name: 'Select alan' }).check();
    await page.getByRole('button', { name: 'Disable…' }).click();
    await page.getByRole('heading', { name: 'Disable 2 users?' }).waitFor();
    await checkPage('provider-users-selected');
    await page.getByRole('button', { name: 'Disable 2 users' }).click();
    await page.getByText('2 users disabled').waitFor();
    await page.getByRole('link', { name: 'Active (remove this filter)' }).waitFor();
    await checkPage('provider-users-done');
    await page.goto(`${stage.issuer}/grant`);
    await checkPage('provider-grants');
    await page.goto(`${stage.issuer}/token`);
    await checkPage('provider-tokens');
    await page.goto(`${stage.issuer}/client/update/nobody`);
    await checkPage('provider-record-not-found');

    await page.goto(`${stage.issuer}/oauth/authorize?client_id=nobody&redirect_uri=https%3A%2F%2Fnobody.example%2F`);
    const refused = (await page.textContent('#request-id'))?.trim() ?? '';
    await page.goto(`${stage.issuer}/admin`);
    await checkPage('provider-dashboard');
    await page
      .getByRole('link', { name: /^Audit log/ })
      .first()
      .click();
    await page.waitForURL(/audit/);
    await page.locator('.feed summary').first().click();
    await checkPage('provider-audit');
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await page.getByRole('link', { name: 'Stop live view' }).waitFor();
    await checkPage('provider-audit-live');
    await page.goto(`${stage.issuer}/audit?user=nobody`);
    await checkPage('provider-audit-none');
    await page.waitForTimeout(1500);
    await page.goto(`${stage.issuer}/failed-request`);
    await checkPage('provider-refusals');
    await page.fill('input[name=id]', refused);
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('heading', { name: 'Why was this refused?' }).waitFor();
    await checkPage('provider-refusal');
    await page.goto(`${stage.issuer}/session`);
    await checkPage('provider-sessions');
    await page.goto(`${stage.issuer}/key`);
    await page.getByText('Has a key been compromised?').click();
    await page.getByRole('button', { name: 'Replace keys now' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-keys');
    await page.goto(`${stage.issuer}/issuer`);
    await checkPage('provider-issuers-none');
    await page.getByRole('link', { name: 'Add trusted issuer' }).first().click();
    await page.getByRole('button', { name: 'Add trusted issuer' }).click();
    await page.getByRole('alert').waitFor();
    await checkPage('provider-issuer-problems');
    await page.goto(`${stage.issuer}/message`);
    await checkPage('provider-messages');
    await page.goto(`${stage.issuer}/admin/system`);
    await checkPage('provider-system');
    await page.goto(`${stage.issuer}/settings/branding`);
    await checkPage('provider-branding');
    await page.fill('input[name=accent]', 'not a color');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-branding-problem');
    await page.goto(`${stage.issuer}/settings/sign-in`);
    await checkPage('provider-sign-in-settings');
    await page
      .getByRole('navigation', { name: 'Sign-in' })
      .getByRole('link', { name: /second/i })
      .click();
    await checkPage('provider-sign-in-roles');
    await page.goto(`${stage.issuer}/search?q=gra`);
    await checkPage('provider-search');
    await page.goto(`${stage.issuer}/api/admin/v1/docs`);
    await checkPage('provider-api');
    await page.goto(`${stage.issuer}/account/security`);
    await checkPage('provider-security');

    // The page continues to a sign-in that was started in this browser without a session.
    await context.clearCookies();
    await beginLogin(page, stage);
    await page.waitForURL(/login/);
    await page.goto(link);
    await checkPage('provider-set-password');
    await page.fill('input[name=password]', 'short');
    await pressSubmit(page);
    await page.locator('[aria-invalid=true]').waitFor();
    await checkPage('provider-set-password-problem');
    await page.fill('input[name=password]', 'frequency hopping');
    await pressSubmit(page);
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    await checkPage('provider-password-set');
    await page.goto(link);
    await checkPage('provider-link-spent');
    expect(faults).toEqual([]);
  });

  it('of the client while its provider is unavailable', async () => {
    const person = await stage.addPerson();
    await beginLogin(page, stage);
    await submitLogin(page, person);
    await allow(page);
    await expectLoggedIn(page, stage, person);
    try {
      await stage.provider.kill();
      await page.getByRole('button', { name: 'Call the API' }).click();
      await page.waitForLoadState();
      await checkPage('client-provider-away');
      // It no longer knows where the provider signs people out.
      await stage.restartClient();
      await page.goto(`${stage.clientUrl}/logout`);
      await page.getByRole('button', { name: /^Sign out of this application and/ }).click();
      await page.getByRole('heading', { name: 'Signed out here' }).waitFor();
      await checkPage('client-signed-out-here');
    } finally {
      await stage.restartProvider('kill');
    }
    await beginLogin(page, stage);
    await expectLoggedIn(page, stage, person);
    await page.getByRole('button', { name: /^Sign out of this application and/ }).click();
    await page.getByRole('status').first().waitFor();
    await checkPage('client-signed-out');
    expect(faults).toEqual([]);
  });

  // The last one: it deletes the only provider.
  it('of the client without a provider', async () => {
    await page.goto(`${stage.clientUrl}/providers`);
    await page.fill('input[name=password]', clientAdminPassword);
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await page
      .getByRole('link', { name: /^Delete/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Delete provider' }).click();
    await page.getByRole('heading', { name: 'No providers yet' }).waitFor();
    await checkPage('client-providers-none');
    await page.goto(`${stage.clientUrl}/login`);
    await checkPage('client-no-provider');
    expect(faults).toEqual([]);
  });
});
