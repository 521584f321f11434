import type { BrowserContext, Locator, Page } from 'playwright-core';

type Role = Parameters<Page['getByRole']>[0];

/** The most that a task may take: presses of the mouse or of Enter, and pages including the one where it starts. */
export interface Bounds {
  readonly clicks: number;
  readonly pages: number;
}

/**
 * A task of a person, done by the roles and names of what is on the page. The browser counts: its pointer and key events, and
 * each document that it opens.
 */
export class Task {
  private clicks = 0;
  private pages = 0;

  private constructor(
    readonly page: Page,
    private readonly name: string,
  ) {}

  /** Opens the page where the task starts, in a tab of its own. */
  static async begin(context: BrowserContext, name: string, start: string): Promise<Task> {
    const page = await context.newPage();
    const task = new Task(page, name);
    await page.exposeBinding('countForTask', (_source, what: 'click' | 'page') => {
      task[what === 'click' ? 'clicks' : 'pages'] += 1;
    });
    await page.addInitScript(() => {
      if (window !== window.top || !location.protocol.startsWith('http')) return;
      const { countForTask } = globalThis as unknown as { countForTask(what: 'click' | 'page'): void };
      countForTask('page');
      const isPress = (event: Event): boolean => !(event instanceof KeyboardEvent) || event.key === 'Enter';
      for (const type of ['pointerdown', 'keydown'])
        addEventListener(type, (event) => event.isTrusted && isPress(event) && countForTask('click'), true);
    });
    await page.goto(start);
    return task;
  }

  /** The element with this role and exactly this name, or one that matches. */
  find(role: Role, name: string | RegExp, within?: Locator): Locator {
    return (within ?? this.page).getByRole(role, typeof name === 'string' ? { name, exact: true } : { name });
  }

  async click(role: Role, name: string | RegExp, within?: Locator): Promise<void> {
    await this.find(role, name, within).click();
  }

  /** Follows a link of the console's sidebar. */
  async open(name: string): Promise<void> {
    await this.click('link', name, this.find('navigation', 'Main'));
  }

  /** Types into the field with this label; a field that is not focused is clicked first, as a person has to. */
  async type(label: string | RegExp, text: string): Promise<void> {
    const field = this.page.getByLabel(label, { exact: true });
    await field.waitFor();
    if (!(await field.evaluate((element) => element === document.activeElement))) await field.click();
    await field.fill(text);
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  async expectHeading(name: string | RegExp): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  /** Waits for a message that says what was done. */
  async expectStatus(message: string | RegExp): Promise<void> {
    await this.page.getByRole('status').filter({ hasText: message }).first().waitFor();
  }

  /** Expects that the task took no more than this until now. */
  expectAtMost(most: Bounds): void {
    const { clicks, pages } = this;
    // Without a count the events did not arrive, and the bounds would say nothing.
    expect(pages).toBeGreaterThan(0);
    expect({ clicks: Math.max(clicks, most.clicks), pages: Math.max(pages, most.pages) }).toEqual(most);
  }

  /** Prints the numbers, checks them, and closes the tab. */
  async end(most: Bounds): Promise<void> {
    process.stdout.write(`${this.name}: ${this.clicks} clicks, ${this.pages} pages\n`);
    await this.page.close();
    this.expectAtMost(most);
  }
}
