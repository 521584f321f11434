import type { BrowserContext, Page } from 'playwright-core';
import type { Person, Stage } from './stage.js';

/** The steps of a login, with elements located by stable names or by the text of the button. */

/** Opens the client and presses its first login button. */
export async function beginLogin(page: Page, stage: Stage): Promise<void> {
  await page.goto(stage.clientUrl);
  await page
    .getByRole('button', { name: /^Sign in with/ })
    .first()
    .click();
  await page.waitForURL((url) => url.origin === stage.issuer || url.pathname === '/authorized' || url.pathname === '/');
}

export async function typeCredentials(page: Page, person: Person): Promise<void> {
  await page.fill('input[name=username]', person.username);
  await page.fill('input[name=password]', person.password);
}

export async function submitLogin(page: Page, person: Person): Promise<void> {
  await typeCredentials(page, person);
  await pressSubmit(page);
}

/** Presses the primary submit button of the form. */
export async function pressSubmit(page: Page): Promise<void> {
  await page.click('main form button[type=submit]:is(.button-primary, .btn-primary)');
}

export async function allow(page: Page): Promise<void> {
  await page.click('button[name=confirm][value=yes]');
}

/** The complete first login of a user: login, consent, return to the client. */
export async function logIn(page: Page, stage: Stage, person: Person): Promise<void> {
  await beginLogin(page, stage);
  await submitLogin(page, person);
  await allow(page);
  await expectLoggedIn(page, stage, person);
}

/** Expects the end of every login: the client, logged in as this user. */
export async function expectLoggedIn(page: Page, stage: Stage, person: Pick<Person, 'username'>): Promise<void> {
  await page.waitForURL((url) => url.origin === new URL(stage.clientUrl).origin && url.pathname !== '/authorized');
  expect(await page.textContent('h1')).toBe(`Signed in as ${person.username}`);
}

/** The text of the main heading. */
export async function heading(page: Page): Promise<string> {
  return (await page.textContent('h1'))?.trim() ?? '';
}

export async function removeCookiesOf(context: BrowserContext, address: string): Promise<void> {
  await context.clearCookies({ domain: new URL(address).hostname });
}
