import type { BrowserContext, Page } from 'playwright-core';
import { administrator, openConsole } from './support/administrator.js';
import { openContext } from './support/chromium.js';
import type { Stage } from './support/stage.js';
import { submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

describe('the live view of the audit log', () => {
  const theatre = useTheatre({ adminPassword: administrator.password });
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    stage = theatre.stage;
    context = await openConsole(theatre.chromium, stage);
  });
  beforeEach(async () => {
    page = await context.newPage();
  });
  afterEach(() => page.close());
  afterAll(() => context.close());

  const events = (): ReturnType<Page['locator']> => page.getByRole('main').getByRole('listitem');

  it('shows new events that match the filter without a new page, announces them, and keeps what is open', async () => {
    const documents: string[] = [];
    page.on('domcontentloaded', () => void documents.push(page.url()));
    await page.goto(`${stage.issuer}/audit?type=accounts`);
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await page.waitForURL(/live=yes/);
    await stage.addPerson('first');
    await events().filter({ hasText: 'first-' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'New events were added' }).waitFor({ state: 'attached' });
    const first = events().filter({ hasText: 'first-' });
    await first.locator('summary').click();
    // While somebody reads in the list it stays as it is.
    await page.getByRole('heading', { level: 1 }).click();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await stage.addPerson('second');
    await events().filter({ hasText: 'second-' }).waitFor();
    expect(await first.locator('details').getAttribute('open')).not.toBeNull();
    expect(await events().filter({ hasText: 'signed in' }).count()).toBe(0);
    expect(documents).toHaveLength(2);

    await page.getByRole('link', { name: 'Stop live view' }).click();
    await page.getByRole('link', { name: 'Live', exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?type=accounts');
  });

  it('asks for changes only, and no more after ten minutes without input', async () => {
    const checks: string[] = [];
    const pages: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'fetch')
        (/\/audit\/live/.test(request.url()) ? checks : pages).push(request.url());
    });
    await page.clock.install();
    await page.goto(`${stage.issuer}/audit?user=nobody&live=yes`);
    const answered = async (times: number): Promise<void> => {
      for (let check = 0; check < times; check++)
        await Promise.all([page.waitForResponse(/\/audit\/live/), page.clock.runFor(5_000)]);
    };
    await answered(4);
    expect(checks.length).toBeGreaterThanOrEqual(4);
    expect(pages).toEqual([]);
    await page.clock.fastForward(11 * 60_000);
    const before = checks.length;
    await page.clock.runFor(60_000);
    expect(checks.length).toBe(before);
    await page.mouse.move(200, 200);
    await page.mouse.move(220, 220);
    await answered(1);
  });

  it('without JavaScript is reloaded with a link', async () => {
    const own = await openContext(theatre.chromium, { javaScriptEnabled: false });
    const plain = await own.newPage();
    await plain.goto(`${stage.issuer}/audit?type=accounts`);
    await submitLogin(plain, administrator);
    await plain.getByRole('link', { name: 'Live', exact: true }).click();
    await stage.addPerson('third');
    await plain.getByRole('link', { name: 'Refresh' }).click();
    await plain.getByRole('listitem').filter({ hasText: 'third-' }).waitFor();
    expect(new URL(plain.url()).search).toBe('?type=accounts&live=yes');
    await own.close();
  });
});
