import type { BrowserContext, Page } from 'playwright-core';
import { administrator } from './support/administrator.js';
import { openContext } from './support/chromium.js';
import { focused, followFocus, isFocused, waitForFocus } from './support/keyboard.js';
import type { Stage } from './support/stage.js';
import { useTheatre } from './support/theatre.js';

/** The console with Tab, Enter, Space and Escape alone; every stop on the way shows the focus and follows the order of the page. */
describe('the keyboard alone, in the console', () => {
  const theatre = useTheatre({ adminPassword: administrator.password });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;

  beforeEach(async () => {
    stage = theatre.stage;
    context = await openContext(theatre.chromium, {
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page = await context.newPage();
    await page.goto(`${stage.issuer}/admin`);
    await waitForFocus(page, 'username');
    await page.keyboard.type(administrator.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(administrator.password);
    await page.keyboard.press('Enter');
    await expectHeading('Overview');
  });
  afterEach(() => context.close());

  const expectHeading = (name: string): Promise<void> => page.getByRole('heading', { level: 1, name }).waitFor();

  it('skips the sidebar', async () => {
    await page.keyboard.press('Tab');
    expect(await focused(page)).toMatchObject({ text: 'Skip to content' });
    await page.keyboard.press('Enter');
    await page.waitForURL(/#main$/);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  });

  it('adds an application, and copies its secret', async () => {
    await followFocus(page, page.getByRole('link', { name: 'Applications', exact: true }));
    await page.keyboard.press('Enter');
    await expectHeading('Applications');
    await followFocus(page, page.getByRole('main').getByRole('link', { name: 'Add application' }));
    await page.keyboard.press('Enter');
    await waitForFocus(page, 'kind');
    // The fields in the order in which they are read, with the buttons of a field after it.
    const stops: string[] = [];
    for (let stop = 0; stop < 5; stop++) {
      await page.keyboard.press('Tab');
      const { name, text } = await focused(page);
      stops.push(name === 'action' || name === '' ? text.replace(/\s+/g, ' ') : name);
    }
    expect(stops).toEqual(['name', 'redirectUri', 'Remove Redirect URI 1', 'Add redirect URI', 'Cancel']);
    await page.keyboard.press('Shift+Tab');
    for (let stop = 0; stop < 3; stop++) await page.keyboard.press('Shift+Tab');
    await page.keyboard.type('By keyboard alone');
    await page.keyboard.press('Tab');
    await page.keyboard.type('https://keyboard.example.org/authorized');
    await followFocus(page, page.getByRole('button', { name: 'Add application' }));
    await page.keyboard.press('Space');
    await expectHeading('Client secret of By keyboard alone');
    await followFocus(page, page.getByRole('button', { name: 'Copy Client secret' }));
    await page.keyboard.press('Space');
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^[\w-]{43}$/);
    await followFocus(page, page.getByRole('link', { name: 'I’ve copied it' }));
    await page.keyboard.press('Enter');
    await expectHeading('By keyboard alone');
  });

  it('disables a person', async () => {
    const person = await stage.addPerson('keyboard');
    await followFocus(page, page.getByRole('link', { name: 'Users', exact: true }));
    await page.keyboard.press('Enter');
    await expectHeading('Users');
    await followFocus(page, page.getByRole('link', { name: person.username, exact: true }));
    await page.keyboard.press('Enter');
    await expectHeading(person.username);
    await followFocus(page, page.getByRole('button', { name: 'Disable' }));
    await page.keyboard.press('Space');
    await page.getByRole('status').filter({ hasText: 'Account disabled.' }).waitFor();
  });

  it('opens a menu, moves into it, and closes it with Escape, which returns to its button', async () => {
    const menu = page.locator('summary', { hasText: 'account menu' });
    await followFocus(page, menu);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toMatchObject({ text: 'Your apps' });
    await page.keyboard.press('Escape');
    expect(await page.getByRole('link', { name: 'Your apps' }).isVisible()).toBe(false);
    expect(await isFocused(menu)).toBe(true);
    await page.keyboard.press('Space');
    await followFocus(page, page.getByRole('link', { name: 'Sign out' }));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/logout/);
  });

  it('opens the search dialog, stays in it, and closes it with Escape, which returns to its link', async () => {
    const link = page.locator('.search-btn');
    await followFocus(page, link);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Search' });
    await dialog.getByRole('link').first().waitFor();
    for (let stop = 0; stop < 40; stop++) {
      expect(
        await page.evaluate(
          () => document.activeElement === document.body || document.activeElement?.closest('dialog'),
        ),
      ).toBeTruthy();
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await isFocused(link)).toBe(true);

    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await page.keyboard.type('keys');
    await dialog.getByRole('link', { name: 'Keys' }).first().waitFor();
    await followFocus(page, dialog.getByRole('link', { name: /^Keys/ }).first());
    await page.keyboard.press('Enter');
    await expectHeading('Keys');
  });

  it('opens the sidebar of a narrow window, moves into it, and closes it with Escape', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const button = page.getByRole('button', { name: 'Menu', exact: true });
    const entry = page.getByRole('link', { name: 'Audit log' }).first();
    await followFocus(page, button);
    await page.keyboard.press('Enter');
    await entry.waitFor();
    // The browser continues in what a button has opened, wherever that stands in the document.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('#sidebar') !== null)).toBe(true);
    await followFocus(page, entry);
    await page.keyboard.press('Escape');
    await page.locator('#sidebar').waitFor({ state: 'hidden' });
    expect(await isFocused(button)).toBe(true);
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await followFocus(page, entry);
    await page.keyboard.press('Enter');
    await expectHeading('Audit log');
  });
});
