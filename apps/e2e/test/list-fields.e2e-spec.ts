import type { BrowserContext, Page } from 'playwright-core';
import { axeFaultsOf } from './support/axe.js';
import { openContext } from './support/chromium.js';
import { focused } from './support/keyboard.js';
import { faultsOf, overflowOf } from './support/page-rules.js';
import type { Stage } from './support/stage.js';
import { submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

const admin = { username: 'admin', password: 'a gate needs its keeper' };

/** All list fields of the provider's forms, with the `name` of its inputs, and a field beside it. */
const lists = [
  {
    path: '/client/add',
    id: 'f-redirectUris',
    field: 'redirectUri',
    row: 'redirect-uri',
    label: 'Redirect URI',
    other: 'name',
  },
  {
    path: '/client/update/:id/advanced',
    id: 'f-postLogoutRedirectUris',
    field: 'postLogoutRedirectUri',
    row: 'post-logout-redirect-uri',
    label: 'Address after sign-out',
    other: 'owner',
  },
  {
    path: '/client/update/:id/scopes',
    id: 'f-scope',
    field: 'scope',
    row: 'scope',
    label: 'Scope',
    other: 'sectorIdentifierUri',
  },
  { path: '/resource/add', id: 'f-scopes', field: 'scope', row: 'scope', label: 'Scope', other: 'name' },
] as const;

describe('list fields', () => {
  const theatre = useTheatre({ adminPassword: admin.password });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  /** Number of documents loaded since the form was opened. */
  let loads: number;

  const open = async (pattern: string, options: { readonly javaScriptEnabled?: boolean } = {}): Promise<void> => {
    stage = theatre.stage;
    const path = pattern.replace(':id', encodeURIComponent(stage.registered.client_id));
    context = await openContext(theatre.chromium, options);
    page = await context.newPage();
    await page.goto(`${stage.issuer}${path}`);
    await submitLogin(page, admin);
    await page.waitForURL(`${stage.issuer}${path}`);
    loads = 0;
    page.on('request', (request) => void (loads += request.isNavigationRequest() ? 1 : 0));
  };
  const inputs = (field: string): ReturnType<Page['locator']> => page.locator(`ul.rows input[name=${field}]`);
  const valuesOf = (field: string): Promise<string[]> =>
    inputs(field).evaluateAll((all) => all.map((input) => (input as HTMLInputElement).value));
  // Without JavaScript each click loads a document, which applies its focus when it is first drawn.
  const rowsAre = async (field: string, count: number): Promise<void> => {
    // The document may be replaced meanwhile.
    const counted = (): Promise<number> =>
      inputs(field)
        .count()
        .catch(() => -1);
    for (let attempts = 0; attempts < 100 && (await counted()) !== count; attempts++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await counted()).toBe(count);
  };
  // Asked from here: without JavaScript, a function that waits in the page is not always called again.
  const focusIs = async (id: string): Promise<void> => {
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => document.activeElement?.id).catch(() => undefined);
    for (let attempts = 0; attempts < 100 && (await focused()) !== id; attempts++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await focused()).toBe(id);
  };
  const says = (id: string): Promise<string | null> => page.textContent(`[data-list="${id}"] [role=status]`);
  afterEach(() => context.close());

  describe.each(['with', 'without'] as const)('%s JavaScript', (mode) => {
    it.each(lists)(
      'rows of $field at $path are added, filled and removed',
      async ({ path, id, field, row, label, other }) => {
        await open(path, { javaScriptEnabled: mode === 'with' });
        await page.fill(`input[name=${other}]`, 'Kept');
        const filled = await inputs(field).count();
        for (let left = filled - 1; left >= 0; left--) {
          await page.click(`button[value="remove-${row}:0"]`);
          await rowsAre(field, left);
        }
        if (filled > 0) await focusIs(id);

        for (const [at, value] of ['one', 'two', 'three'].entries()) {
          await page.click(`button[value=add-${row}]`);
          await rowsAre(field, at + 1);
          await focusIs(`${id}-${at}`);
          await page.keyboard.type(value);
        }
        expect(await valuesOf(field)).toEqual(['one', 'two', 'three']);

        const remove = page.getByRole('button', { name: `Remove ${label} 2`, exact: true });
        await remove.click();
        await rowsAre(field, 2);
        expect(await valuesOf(field)).toEqual(['one', 'three']);
        // The next row has moved into its place, with name and number.
        expect(await inputs(field).evaluateAll((all) => all.map((input) => input.getAttribute('aria-label')))).toEqual([
          `${label} 1`,
          `${label} 2`,
        ]);
        await focusIs(`${id}-1`);
        await page.getByRole('button', { name: `Remove ${label} 2`, exact: true }).click();
        await rowsAre(field, 1);
        expect(await valuesOf(field)).toEqual(['one']);
        await focusIs(`${id}-0`);

        expect(await page.inputValue(`input[name=${other}]`)).toBe('Kept');
        expect(loads > 0).toBe(mode === 'without');
        expect(await faultsOf(page)).toEqual([]);
      },
    );
  });

  it('announce added and removed rows in a status message', async () => {
    await open('/client/add');
    await page.click('button[value=add-redirect-uri]');
    expect(await says('f-redirectUris')).toBe('Redirect URI 2 was added.');
    await page.click('button[value="remove-redirect-uri:0"]');
    expect(await says('f-redirectUris')).toBe('Redirect URI 1 was removed.');
    expect(await page.getAttribute('[data-list=f-redirectUris] [role=status]', 'aria-live')).toBeNull();
    expect(await axeFaultsOf(page)).toEqual([]);
  });

  it('can be operated with the keyboard', async () => {
    await open('/client/add');
    await page.focus('#f-redirectUris');
    await page.keyboard.press('Space');
    await page.keyboard.type('https://two.example/cb');
    await page.keyboard.press('Tab');
    expect((await focused(page)).text).toBe('Remove Redirect URI 2');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toMatchObject({ id: 'f-redirectUris-0' });
    expect(loads).toBe(0);
  });

  it('keep the default with its row, and save the displayed rows', async () => {
    await open('/client/update/:id');
    await page.fill('#f-redirectUris-0', 'https://one.example/cb');
    await page.click('button[value=add-redirect-uri]');
    await page.fill('#f-redirectUris-1', 'https://two.example/cb');
    await page.check('input[name=defaultRedirectUri][value="1"]');
    await page.click('button[value="remove-redirect-uri:0"]');
    expect(loads).toBe(0);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Changes saved.').waitFor();
    expect(await valuesOf('redirectUri')).toEqual(['https://two.example/cb']);
    expect(await page.isChecked('input[name=defaultRedirectUri][value="0"]')).toBe(true);

    await page.getByRole('link', { name: 'Scopes and claims' }).click();
    await page.waitForURL(/scopes$/);
    loads = 0;
    const before = await valuesOf('scope');
    await page.click('button[value="remove-scope:1"]');
    await page.click('button[value=add-scope]');
    await page.fill(`#f-scope-${before.length - 1}`, 'address');
    await page.check(`input[name=defaultScope][value="${before.length - 1}"]`);
    expect(loads).toBe(0);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Changes saved.').waitFor();
    expect(await valuesOf('scope')).toEqual([...before.filter((_scope, row) => row !== 1), 'address']);
    expect(await page.isChecked(`input[name=defaultScope][value="${before.length - 1}"]`)).toBe(true);
  });

  it('remove the error of a removed row and link the others with their new numbers', async () => {
    await open('/client/add');
    await page.fill('input[name=name]', 'With mistakes');
    await page.fill('#f-redirectUris-0', 'http://first-mistake.example/');
    await page.click('button[value=add-redirect-uri]');
    await page.fill('#f-redirectUris-1', 'http://second-mistake.example/');
    await page.getByRole('button', { name: 'Add application' }).click();
    await page.getByRole('alert').waitFor();
    const summary = page.locator('[role=alert] a[href^="#f-redirectUris-"]');
    expect(await summary.count()).toBe(2);
    await page.click('button[value="remove-redirect-uri:0"]');
    expect(await summary.count()).toBe(1);
    expect(await summary.getAttribute('href')).toBe('#f-redirectUris-0');
    expect(await page.getAttribute('#f-redirectUris-0', 'aria-describedby')).toBe('f-redirectUris-0-problem');
    expect(await faultsOf(page)).toEqual([]);
    await page.click('button[value="remove-redirect-uri:0"]');
    expect(await summary.count()).toBe(0);
  });

  it.each(['with', 'without'] as const)(
    'end at the number of rows that the server reads, %s JavaScript',
    async (mode) => {
      await open('/resource/add', { javaScriptEnabled: mode === 'with' });
      // A form with the maximum number of rows: the server responds with the page of a full list.
      const fields = await page
        .locator('form[action="/resource/add"]')
        .evaluate((form) =>
          [...new FormData(form as HTMLFormElement)].map(([name, value]): [string, string] => [name, String(value)]),
        );
      const rows = Array.from({ length: 99 }, (_, at): [string, string][] => [
        ['scope', `scope:${at}`],
        ['sentence', `Sentence ${at}`],
      ]).flat();
      const sent = [...fields.filter(([name]) => !['scope', 'sentence'].includes(name)), ...rows];
      await page.setContent(
        `<form method="post" action="${stage.issuer}/resource/add">${[...sent, ['action', 'remove-scope:99']]
          .map(([name, value]) => `<input name="${name}" value="${value}">`)
          .join('')}<button>Send</button></form>`,
      );
      await page.click('text=Send');
      await page.waitForSelector('#f-scopes-98');
      loads = 0;
      expect(await page.isDisabled('#f-scopes')).toBe(false);
      expect(await page.isVisible('[data-list-full]')).toBe(false);
      await page.click('#f-scopes');
      await page.waitForSelector('#f-scopes-99');
      expect(await page.isDisabled('#f-scopes')).toBe(true);
      expect(await page.textContent('[data-list-full]')).toMatch(/^This list can have 100 rows/);
      expect(await page.isVisible('[data-list-full]')).toBe(true);
      await page.click('button[value="remove-scope:99"]');
      await page.waitForSelector('#f-scopes-99', { state: 'detached' });
      expect(await page.isDisabled('#f-scopes')).toBe(false);
      expect(loads > 0).toBe(mode === 'without');
    },
  );

  it.each([
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('fit into %i pixels, %s', async (width, colorScheme) => {
    for (const path of ['/client/add', '/client/update/:id', '/resource/add']) {
      await open(path);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      for (const button of await page.locator('[data-list-add]').all()) await button.click();
      expect(await overflowOf(page)).toEqual([]);
      expect(await axeFaultsOf(page)).toEqual([]);
      const folder = process.env['SCREENSHOTS_DIR'];
      if (folder !== undefined)
        await page.screenshot({
          path: `${folder}/${path.replace(/\W+/g, '-').slice(1)}-${width}-${colorScheme}.png`,
          fullPage: true,
        });
    }
  });
});
