import type { BrowserContext, Page } from 'playwright-core';
import type { Person, Stage } from './stage.js';

/** The steps of a login as a person takes them, found by what the contract names or by what stands on the button. */

/** Opens the client and presses its first login button. */
export async function beginLogin(page: Page, stage: Stage): Promise<void> {
  await page.goto(stage.clientUrl);
  await page
    .getByRole('button', { name: /^Log in with/ })
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

/** The form's own button: `button[type=submit]`. */
export async function pressSubmit(page: Page): Promise<void> {
  await page.click('main form button[type=submit]:is(.button-primary, .btn-primary)');
}

export async function allow(page: Page): Promise<void> {
  await page.click('button[name=confirm][value=yes]');
}

/** The whole way of somebody who has not been here: login, consent, back. */
export async function logIn(page: Page, stage: Stage, person: Person): Promise<void> {
  await beginLogin(page, stage);
  await submitLogin(page, person);
  await allow(page);
  await expectLoggedIn(page, stage, person);
}

/** Where every login must end: in the client, logged in as this person. */
export async function expectLoggedIn(page: Page, stage: Stage, person: Pick<Person, 'username'>): Promise<void> {
  await page.waitForURL((url) => url.origin === new URL(stage.clientUrl).origin && url.pathname !== '/authorized');
  expect(await page.textContent('h1')).toBe(`Logged in as ${person.username}`);
}

/** What the main heading says. */
export async function heading(page: Page): Promise<string> {
  return (await page.textContent('h1'))?.trim() ?? '';
}

export async function removeCookiesOf(context: BrowserContext, address: string): Promise<void> {
  await context.clearCookies({ domain: new URL(address).hostname });
}
