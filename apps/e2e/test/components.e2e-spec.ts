import type { Page } from 'playwright-core';
import { axeFaultsOf } from './support/axe.js';
import { openContext } from './support/chromium.js';
import { faultsOf, overflowOf } from './support/page-rules.js';
import { useTheatre } from './support/theatre.js';

const path = '/development/components';
const frames = ['', '?frame=user', '?frame=account', '?frame=gate', '?auditor=yes'];

/** The components of the design system, on the component page for developers. */
describe('the components', () => {
  const theatre = useTheatre({ adminPassword: 'a gate needs its keeper', provider: { NODE_ENV: 'development' } });
  let page: Page;
  let errors: string[];
  jest.setTimeout(120_000);

  async function openPage(query = '', options: Parameters<typeof openContext>[1] = {}): Promise<void> {
    const context = await openContext(theatre.chromium, { reducedMotion: 'reduce', ...options });
    page = await context.newPage();
    errors = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${theatre.stage.issuer}${path}${query}`);
  }
  afterEach(() => page.context().close());

  describe.each(frames)('%s', (query) => {
    it.each(['light', 'dark'] as const)('have no axe violations in %s mode, wide and narrow', async (colorScheme) => {
      await openPage(query, { colorScheme });
      const faults: string[] = [];
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        faults.push(...(await axeFaultsOf(page, 'moderate')).map((fault) => `${width}: ${fault}`));
      }
      expect(faults).toEqual([]);
      expect(await faultsOf(page)).toEqual([]);
      expect(errors).toEqual([]);
    });

    it.each(['', 'dir=rtl'])('never scroll horizontally, at any width %s', async (direction) => {
      await openPage([query || '?', direction].join('&'));
      const faults: string[] = [];
      for (const width of [320, 390, 768, 1024, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        if (scrolls) faults.push(`${width}: ${(await overflowOf(page)).join(', ') || 'scrolls'}`);
      }
      expect(faults).toEqual([]);
    });
  });

  it('show the theme of a link at once, and the server shows the next page in it', async () => {
    await openPage('', { colorScheme: 'light' });
    await page.goto(theatre.stage.clientUrl);
    await page.evaluate(() => (document.body.dataset['mark'] = 'same document'));
    await page.getByRole('link', { name: 'Dark' }).click();
    await page.locator('html[data-theme=dark]').waitFor();
    expect(await page.evaluate(() => document.body.dataset['mark'])).toBe('same document');
    expect(await page.locator('[data-theme-choice][aria-current=true]').allTextContents()).toEqual(['Dark']);
    const answer = await page.goto(`${theatre.stage.clientUrl}/login`);
    expect(await answer?.text()).toContain('data-theme="dark"');
    await page.getByRole('link', { name: 'Automatic' }).click();
    await page.locator('html:not([data-theme])').waitFor();
  });

  it('are rendered by the server in the selected theme', async () => {
    await openPage('', { colorScheme: 'light' });
    const theme = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset['theme']);
    expect(await theme()).toBeUndefined();
    await page.locator('.topbar').getByRole('button', { name: 'Light or dark' }).click();
    expect(await theme()).toBe('dark');
    const answer = await page.goto(`${theatre.stage.issuer}/login`);
    expect(await answer?.text()).toContain('data-theme="dark"');
  });

  it('copy to the clipboard and announce it', async () => {
    await openPage('', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Copy Issuer' }).click();
    await page.locator('#announcements', { hasText: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('https://id.birchwood.example');
    await page.getByRole('button', { name: 'Copy compose.yaml' }).click();
    await expect(page.evaluate(() => navigator.clipboard.readText())).resolves.toBe('client_id: grafana-7c1f');
  });

  it('show and hide a password', async () => {
    await openPage();
    const field = page.locator('#f-password');
    const button = page.getByRole('button', { name: 'Show password' });
    await button.click();
    expect(await field.getAttribute('type')).toBe('text');
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    expect(await button.textContent()).toBe('Hide');
    await button.click();
    expect(await field.getAttribute('type')).toBe('password');
  });

  it('close a menu on Escape, which focuses its button, and on a click outside', async () => {
    await openPage();
    const menu = page.locator('details.menu', { hasText: 'Sign out' });
    await menu.locator('summary').click();
    await menu.getByRole('link', { name: 'Sign out' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await menu.getAttribute('open')).toBeNull();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY');
    await menu.locator('summary').click();
    await page.getByRole('heading', { level: 1 }).click();
    expect(await menu.getAttribute('open')).toBeNull();
  });

  it('select and count all rows, and show the bulk actions only for a selection', async () => {
    await openPage();
    const bar = page.locator('#people-bulk');
    expect(await bar.isVisible()).toBe(false);
    await page.getByRole('checkbox', { name: 'Select Anna Berger' }).check();
    expect(await bar.locator('[data-count]').textContent()).toBe('1');
    expect(await bar.isVisible()).toBe(true);
    await page.getByRole('checkbox', { name: 'Select all' }).check();
    expect(await bar.locator('[data-count]').textContent()).toBe('4');
    await page.getByRole('checkbox', { name: 'Select all' }).uncheck();
    expect(await bar.isVisible()).toBe(false);
  });

  it('ask before unsaved changes are lost, but not when they are submitted', async () => {
    await openPage();
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.type());
      void dialog.accept();
    });
    await page.getByText('Everyone', { exact: true }).click();
    await page.goto(`${theatre.stage.issuer}${path}?again`);
    expect(dialogs).toEqual(['beforeunload']);
    await page.getByText('Everyone', { exact: true }).click();
    await Promise.all([page.waitForURL(/access=all/), page.getByRole('button', { name: 'Save changes' }).click()]);
    expect(dialogs).toEqual(['beforeunload']);
  });

  it('show the sidebar as a drawer on a phone, also without JavaScript', async () => {
    await openPage('', { viewport: { width: 390, height: 844 }, javaScriptEnabled: false });
    const sidebar = page.locator('#sidebar');
    expect(await sidebar.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Menu', exact: true }).click();
    await sidebar.getByRole('link', { name: 'Audit log' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await sidebar.isVisible()).toBe(false);
  });

  it('hide controls that require JavaScript', async () => {
    await openPage('', { javaScriptEnabled: false });
    for (const control of await page.locator('.needs-js').all()) expect(await control.isVisible()).toBe(false);
    expect(await page.locator('#people-bulk').isVisible()).toBe(true);
  });

  it('do not shift when the font loads', async () => {
    await openPage('?frame=gate');
    await page.route('**/*.woff2', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await page.reload();
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
          }).observe({ type: 'layout-shift', buffered: true });
          void document.fonts.ready.then(() => setTimeout(() => resolve(sum), 300));
        }),
    );
    expect(shift).toBeLessThan(0.02);
  });
});
