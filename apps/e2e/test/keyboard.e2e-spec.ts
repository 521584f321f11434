import type { BrowserContext, Page } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { focused, focusIsVisible, tabTo, waitForFocus } from './support/keyboard.js';
import type { Person, Stage } from './support/stage.js';
import { expectLoggedIn, heading } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

describe('the keyboard alone', () => {
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

  it('logs in, allows, calls the API and logs out', async () => {
    await page.goto(stage.clientUrl);
    await tabTo(page, /^Sign in with/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/login\?/);

    await waitForFocus(page, 'username');
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.type(person.username);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toMatchObject({ name: 'password' });
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/consent/);

    await tabTo(page, /^Allow/);
    await page.keyboard.press('Enter');
    await expectLoggedIn(page, stage, person);

    await tabTo(page, /^Call the API/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#api-answer');
    await tabTo(page, /^Sign out of this application and/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'You’re not signed in' }).waitFor();
  });

  it('announces an error and focuses its field', async () => {
    await page.goto(stage.clientUrl);
    await tabTo(page, /^Sign in with/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/login\?/);
    await waitForFocus(page, 'username');
    await page.keyboard.type(person.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.textContent('[role=alert]')).toContain('Wrong username or password.');
    expect(await page.title()).toMatch(/^Error: /);
    // The username is already filled in, so the password is focused.
    await waitForFocus(page, 'password');
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/consent/);
  });

  it('signs up after a correction, with each message associated with its field', async () => {
    await page.goto(`${stage.issuer}/sign-up`);
    await waitForFocus(page, 'username');
    await page.keyboard.type(`${person.username}-too`);
    await tabTo(page, 'password');
    await page.keyboard.type('short');
    await page.keyboard.press('Enter');
    await page.locator('input[name=password][aria-invalid=true]').waitFor();
    await waitForFocus(page, 'password');
    expect(await focused(page)).toMatchObject({ name: 'password', invalid: 'true' });
    expect((await focused(page)).described).toMatch(/at least/i);
    await page.keyboard.type('quite long enough');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${stage.issuer}/home`);
  });

  it('skips to the content', async () => {
    for (const address of [`${stage.issuer}/login`, stage.clientUrl]) {
      await page.goto(address);
      // The login page focuses its first field; the skip link precedes it.
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await tabTo(page, /^Skip to/);
      expect(await focusIsVisible(page)).toBe(true);
      await page.keyboard.press('Enter');
      // A slow machine follows the link after the key press has returned.
      await page.waitForURL(/#main$/);
    }
  });

  it('shows the focus on every control of the client form, and Enter saves instead of removing a row', async () => {
    await page.goto(`${stage.issuer}/client/add`);
    await waitForFocus(page, 'username');
    await page.keyboard.type('admin');
    await page.keyboard.press('Tab');
    await page.keyboard.type('a gate needs its keeper');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${stage.issuer}/client/add`);
    await waitForFocus(page, 'kind');

    await page.keyboard.press('Tab');
    expect(await focused(page)).toMatchObject({ name: 'name' });
    await page.keyboard.type('By keyboard');
    await tabTo(page, /^Add redirect URI/);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('input[name=redirectUri]').length === 2);
    // The new row is focused.
    expect(await focused(page)).toMatchObject({
      name: 'redirectUri',
      id: await page.locator('input[name=redirectUri]').nth(1).getAttribute('id'),
    });
    await page.keyboard.type('https://keyboard.example/cb');

    await page.keyboard.press('Enter');
    await page.waitForSelector('#client-secret');
    expect(await heading(page)).toBe('Client secret of By keyboard');

    await page.getByRole('link', { name: 'I’ve copied it' }).click();
    await page.getByRole('link', { name: 'Advanced' }).click();
    await page.waitForURL(/advanced$/);
    const unseen: string[] = [];
    const seen = new Set<string>();
    for (let stop = 0; stop < 80; stop++) {
      await page.keyboard.press('Tab');
      const at = await focused(page);
      if (at.tag === 'BODY') break;
      seen.add(`${at.tag} ${at.name} ${at.text}`);
      if (!(await focusIsVisible(page))) unseen.push(`${at.tag} ${at.name} ${at.text}`);
    }
    expect(seen.size).toBeGreaterThan(15);
    expect(unseen).toEqual([]);
  });
});
