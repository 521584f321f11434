import type { BrowserContext, Page } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { startHoppingClient } from './support/hopping-client.js';
import type { Person, Stage } from './support/stage.js';
import {
  allow,
  beginLogin,
  expectLoggedIn,
  heading,
  logIn,
  pressSubmit,
  removeCookiesOf,
  submitLogin,
  typeCredentials,
} from './support/steps.js';
import { useTheatre } from './support/theatre.js';

/** Situations in which a login could be lost. In each, the links and forms of the pages complete it at the client. */
describe('a login is not lost', () => {
  const theatre = useTheatre({ adminPassword: 'a gate needs its keeper' });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  let person: Person;

  beforeEach(async () => {
    stage = theatre.stage;
    person = await stage.addPerson();
    context = await openContext(theatre.chromium);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  describe('at the login page', () => {
    it('with a form that was open for too long (its CSRF token has expired)', async () => {
      await beginLogin(page, stage);
      await spoilFormToken(page);
      await submitLogin(page, person);
      expect(await page.textContent('[role=alert]')).toContain('This page has expired');
      expect(await page.inputValue('input[name=username]')).toBe(person.username);
      expect(await page.inputValue('input[name=password]')).toBe('');
      await submitLogin(page, person);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('after a wrong password, twice', async () => {
      await beginLogin(page, stage);
      for (const password of ['wrong', 'wrong again']) {
        await submitLogin(page, { ...person, password });
        await page.getByRole('alert').waitFor();
      }
      await page.fill('input[name=password]', person.password);
      await pressSubmit(page);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when the user signs up during it, with a form that has to be corrected', async () => {
      const newUser = { username: `${person.username}-new`, password: 'quite long enough' };
      await beginLogin(page, stage);
      await page.getByRole('link', { name: 'Create an account' }).click();
      await submitLogin(page, { ...newUser, password: 'short' });
      expect(await page.inputValue('input[name=username]')).toBe(newUser.username);
      await submitLogin(page, newUser);
      await allow(page);
      await expectLoggedIn(page, stage, newUser);
    });

    it('when the user opens the sign-up page and returns to the login page', async () => {
      await beginLogin(page, stage);
      await page.getByRole('link', { name: 'Create an account' }).click();
      await page.getByRole('link', { name: 'Sign in' }).click();
      await submitLogin(page, person);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when the button is pressed twice', async () => {
      await beginLogin(page, stage);
      await typeCredentials(page, person);
      await page.dblclick('main form button[type=submit].btn-primary');
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when every page is reloaded', async () => {
      await beginLogin(page, stage);
      await page.reload();
      await submitLogin(page, { ...person, password: 'wrong' });
      await page.getByRole('alert').waitFor();
      // Sends the form again, after the browser's confirmation.
      await page.reload();
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      await page.reload();
      await allow(page);
      await expectLoggedIn(page, stage, person);
      await page.reload();
      await expectLoggedIn(page, stage, person);
    });

    it('when the provider is killed, and the form is sent while it is down', async () => {
      await beginLogin(page, stage);
      await typeCredentials(page, person);
      await stage.provider.kill();
      await pressSubmit(page).catch(() => undefined);
      await stage.restartProvider('kill');
      // What a user does on the browser's error page.
      await page.goBack();
      await submitLogin(page, person);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when a forgotten password is reset with a one-time link in another tab', async () => {
      await beginLogin(page, stage);
      const link = await adminLinkFor(person.username);
      const other = await context.newPage();
      await other.goto(link);
      await other.fill('input[name=password]', 'set in the other tab');
      await pressSubmit(other);
      // The new tab offers to continue …
      expect(await other.getByRole('link', { name: 'Continue to Gatehouse demo' }).count()).toBe(1);
      // … and so does the old tab, which is still open.
      await submitLogin(page, { ...person, password: 'set in the other tab' });
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when it is continued in the tab that set the password', async () => {
      await beginLogin(page, stage);
      const other = await context.newPage();
      await other.goto(await adminLinkFor(person.username));
      await other.fill('input[name=password]', 'set in the other tab');
      await pressSubmit(other);
      // An administrator created the link, so setting the password signs the user in.
      await other.getByRole('link', { name: 'Continue to Gatehouse demo' }).click();
      await allow(other);
      await expectLoggedIn(other, stage, person);
    });
  });

  describe('between tabs', () => {
    it('when two logins are started and completed in reverse order', async () => {
      const tabB = await context.newPage();
      await beginLogin(page, stage);
      await beginLogin(tabB, stage);
      await submitLogin(tabB, person);
      await allow(tabB);
      await expectLoggedIn(tabB, stage, person);
      await submitLogin(page, person);
      await expectLoggedIn(page, stage, person);
    });

    it('when a tab continues with the login of another tab', async () => {
      const tabB = await context.newPage();
      await beginLogin(page, stage);
      await beginLogin(tabB, stage);
      await submitLogin(tabB, person);
      await tabB.waitForURL(/\/consent/);
      await page.reload();
      await page.getByRole('link', { name: 'Continue to Gatehouse demo' }).click();
      await allow(page);
      await expectLoggedIn(page, stage, person);
      await allow(tabB);
      await expectLoggedIn(tabB, stage, person);
    });

    it('when another user logs in: the old consent page does not act for them', async () => {
      const another = await stage.addPerson('another');
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      const tabB = await context.newPage();
      await tabB.goto(page.url());
      await tabB.getByRole('link', { name: 'Switch account' }).click();
      await submitLogin(tabB, another);
      await tabB.waitForURL(/\/consent/);
      await allow(page);
      expect(await page.textContent('[role=alert]')).toContain('The signed-in account has changed');
      expect(await page.textContent('.account-pick')).toContain(another.username);
      await allow(page);
      await expectLoggedIn(page, stage, another);
    });

    it('when the session ends between login and consent', async () => {
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      const tabB = await context.newPage();
      await tabB.goto(`${stage.issuer}/logout`);
      await tabB.click('button[name=logout][value=yes]');
      await tabB.getByRole('heading', { name: 'You’re signed out' }).waitFor();
      await allow(page);
      expect(await heading(page)).toMatch(/^Sign in/);
      await submitLogin(page, person);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });
  });

  describe('by the back button', () => {
    it('from the client to the consent page, which is submitted a second time', async () => {
      await logIn(page, stage, person);
      await page.goBack();
      await page.waitForURL(/\/consent/);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('from the client to the login page, which continues', async () => {
      await logIn(page, stage, person);
      await page.goBack();
      await page.goBack();
      await page.waitForURL(/\/login/);
      await goOnOrLogIn(page);
      await expectLoggedIn(page, stage, person);
    });

    it('from the client after a logout: it reports that this login was used, and logs in again', async () => {
      await logIn(page, stage, person);
      await page.getByRole('button', { name: 'Sign out of this application', exact: true }).click();
      await page.getByRole('heading', { name: 'You’re not signed in' }).waitFor();
      while (!page.url().includes('/consent')) await page.goBack();
      await allow(page);
      expect(await heading(page)).toBe('This sign-in was already used');
      await page.getByRole('button', { name: /^Try again/ }).click();
      await expectLoggedIn(page, stage, person);
    });

    it('from the consent page to the login page', async () => {
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      await page.goBack();
      await page.waitForURL(/\/login/);
      await goOnOrLogIn(page);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    async function goOnOrLogIn(at: Page): Promise<void> {
      const goOn = at.getByRole('link', { name: /^Continue to/ });
      if ((await goOn.count()) > 0) await goOn.click();
      else await submitLogin(at, person);
    }
  });

  describe('in between', () => {
    it('when an administration page was requested first: its login does not replace the client’s', async () => {
      await beginLogin(page, stage);
      const tabB = await context.newPage();
      await tabB.goto(`${stage.issuer}/account`);
      await submitLogin(tabB, person);
      await tabB.waitForURL(`${stage.issuer}/account`);
      await tabB.goto(`${stage.issuer}/home`);
      await tabB.getByRole('link', { name: 'Continue to Gatehouse demo' }).click();
      await allow(tabB);
      await expectLoggedIn(tabB, stage, person);
    });

    it('with a consent page that was open for too long', async () => {
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      await spoilFormToken(page);
      await allow(page);
      expect(await page.textContent('[role=alert]')).toContain('This page has expired');
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when the provider is killed between login and consent', async () => {
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      await stage.restartProvider('kill');
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when the client’s cookies are lost before its callback: it reports this and starts again', async () => {
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      await removeCookiesOf(context, stage.clientUrl);
      await allow(page);
      await page.waitForURL((url) => url.origin === stage.clientUrl);
      expect(await heading(page)).toBe('This sign-in has expired');
      await page.getByRole('link', { name: 'Start again' }).click();
      await page
        .getByRole('button', { name: /^Sign in with/ })
        .first()
        .click();
      await expectLoggedIn(page, stage, person);
    });

    it('when the provider’s cookies are lost on the consent page: it links to where the login can be started again', async () => {
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await page.waitForURL(/\/consent/);
      await removeCookiesOf(context, stage.issuer);
      await allow(page);
      expect(await page.textContent('main')).toContain('Go back to the application and sign in again');
      await beginLogin(page, stage);
      await submitLogin(page, person);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });

    it('when the callback of the client redirects to another origin', async () => {
      const site = await startHoppingClient(stage);
      try {
        await page.goto(`${site.url}/start`);
        await submitLogin(page, person);
        await allow(page);
        await page.waitForURL(`${site.elsewhere}/home`);
        expect(await heading(page)).toBe('Logged in: a code came');
        // Without a consent page, the redirects of the login form lead there.
        await page.goto(`${stage.issuer}/logout`);
        await page.click('button[name=logout][value=yes]');
        await page.goto(`${site.url}/start`);
        await submitLogin(page, person);
        await page.waitForURL(`${site.elsewhere}/home`);
        expect(await heading(page)).toBe('Logged in: a code came');
      } finally {
        await site.close();
      }
    });
  });

  describe('after its expiry', () => {
    afterEach(() => stage.restartProvider('stop'));

    it('with an expired request: the user logs in, and one click at the client completes the login', async () => {
      await stage.restartProvider('stop', { GATEHOUSE_REQUEST_LIFETIME: '1' });
      await beginLogin(page, stage);
      await new Promise((resolve) => setTimeout(resolve, 2100));
      await submitLogin(page, person);
      await page.waitForURL((url) => url.origin === stage.issuer);
      await stage.restartProvider('stop');
      await beginLogin(page, stage);
      await allow(page);
      await expectLoggedIn(page, stage, person);
    });
  });

  /** Invalidates the hidden field, as its expiry after a day does. */
  async function spoilFormToken(at: Page): Promise<void> {
    await at.locator('main form input[name=csrf]').evaluateAll((fields) => {
      for (const field of fields) (field as HTMLInputElement).value = `1.${'A'.repeat(43)}`;
    });
  }

  /** An administrator creates a one-time link for a user in a separate browser. */
  async function adminLinkFor(username: string): Promise<string> {
    const own = await openContext(theatre.chromium);
    try {
      const desk = await own.newPage();
      await desk.goto(`${stage.issuer}/user?q=${username}`);
      await submitLogin(desk, { username: 'admin', password: 'a gate needs its keeper' });
      await desk.getByRole('link', { name: username, exact: true }).click();
      await desk.getByRole('button', { name: 'Create one-time link' }).click();
      return (await desk.textContent('#one-time-link')) ?? '';
    } finally {
      await own.close();
    }
  }
});
