import { readFileSync } from 'node:fs';
import type { BrowserContext } from 'playwright-core';
import { administrator, openConsole } from './support/administrator.js';
import { mailTo, SmtpServer } from './support/mail.js';
import { requestSignIn, signInRequest } from './support/sign-in-request.js';
import type { Stage } from './support/stage.js';
import { Task } from './support/task.js';
import { useTheatre } from './support/theatre.js';

/** What administrators look up and set, from the overview. */
describe('frequent tasks with the server', () => {
  const mail = new SmtpServer();
  const environment: Record<string, string> = {};
  beforeAll(async () => {
    environment['GATEHOUSE_SMTP_URL'] = await mail.start();
  });
  const theatre = useTheatre({ adminPassword: administrator.password, provider: environment });
  let stage: Stage;
  let console: BrowserContext;

  beforeAll(async () => {
    stage = theatre.stage;
    console = await openConsole(theatre.chromium, stage);
  });
  afterAll(async () => {
    await console.close();
    await mail.stop();
  });

  const begin = (name: string): Promise<Task> => Task.begin(console, name, `${stage.issuer}/admin`);

  const textAt = async (path: string): Promise<string> => (await fetch(stage.issuer + path)).text();

  /** Opens the palette, types, and opens the first result. */
  async function find(task: Task, text: string, result: RegExp): Promise<void> {
    await task.press('Control+k');
    await task.find('dialog', 'Search').waitFor();
    await task.page.keyboard.type(text);
    // At once: what is chosen is a result of what was typed, not of what was shown before.
    await task.press('ArrowDown');
    const first = task.find('dialog', 'Search').getByRole('link').first();
    await first.filter({ hasText: result }).and(task.page.locator('.on')).waitFor();
    await task.press('Enter');
  }

  it('find an application, a user, a setting and a failed request with Ctrl-K', async () => {
    await stage.addClient('Weather station', 'https://first.example.org');
    const person = await stage.addPerson('lovelace');
    const refused = await fetch(signInRequest(stage, 'nobody'));
    const requestId = /id="request-id">\s*([0-9a-f]+)/.exec(await refused.text())?.[1] ?? '';
    expect(requestId).toMatch(/^[0-9a-f]{16,}$/);

    const task = await begin('find four things with Ctrl-K');
    await find(task, 'weather', /Weather station/);
    await task.expectHeading('Weather station');
    await find(task, 'lovel', new RegExp(person.username));
    await task.expectHeading(person.username);
    await find(task, 'branding', /Branding/);
    await task.expectHeading('Branding');
    await find(task, requestId, new RegExp(requestId));
    await task.expectHeading('Why was this refused?');
    expect(await task.page.getByRole('main').textContent()).toContain(requestId);
    await task.end({ clicks: 4, pages: 5 });
  });

  it('find out why sign-ins are refused, and apply the suggested fix', async () => {
    const { client_id } = await stage.addClient('Newsletter', 'https://first.example.org');
    const changed = { redirect_uri: 'https://moved.example.org/authorized' };
    // The administrator tries it: what strangers send is not suggested.
    const attempt = await console.newPage();
    await attempt.goto(signInRequest(stage, client_id, changed));
    await attempt.getByRole('heading', { name: /^Newsletter/ }).waitFor();
    await attempt.close();

    // Failed requests are written once a second.
    let task = await begin('fix a refused sign-in');
    for (let attempts = 0; (await task.find('link', /Newsletter/).count()) === 0 && attempts < 20; attempts++) {
      await task.page.close();
      await new Promise((resolve) => setTimeout(resolve, 250));
      task = await begin('fix a refused sign-in');
    }
    await task.click('link', /Fix.*Newsletter/);
    await task.find('heading', 'Or register this address').waitFor();
    await task.click('button', 'Register the address');
    await task.expectStatus('Fixed.');
    expect(await requestSignIn(stage, client_id, changed)).toBe('login');
    await task.end({ clicks: 2, pages: 3 });
  });

  it('read who did what in the audit log, by person and day, and export it', async () => {
    const person = await stage.addPerson('ada');
    await stage.addPerson('bystander');
    const task = await begin('read and export the audit log');
    await task.open('Audit log');
    await task.type('Person: username or ID', person.username);
    await task.page.getByText('More filters').click();
    await task.type('From', new Date(Date.now() - 86_400_000).toISOString().slice(0, 10));
    await task.click('button', 'Filter');
    await task.find('link', /^Person: ada/).waitFor();
    const events = task.page.getByRole('main').getByRole('listitem');
    await events.filter({ hasText: `${person.username} signed in` }).waitFor();
    expect(await events.filter({ hasText: 'bystander' }).count()).toBe(0);
    const [download] = await Promise.all([task.page.waitForEvent('download'), task.click('link', 'Export')]);
    expect(download.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.jsonl$/);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n');
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toContain('user.created');
    expect(lines.join()).not.toContain('bystander');
    await task.end({ clicks: 6, pages: 3 });
  });

  it('change the branding', async () => {
    const task = await begin('change the branding');
    await task.open('Branding');
    await task.type('Name', 'Birchwood');
    await task.click('button', 'Save changes');
    await task.expectStatus('The changes were saved.');
    expect(await textAt('/login')).toContain('Birchwood');
    await task.end({ clicks: 3, pages: 3 });
  });

  it('close sign-up', async () => {
    expect(await textAt('/login')).toContain('Create an account');
    const task = await begin('close sign-up');
    await task.open('Sign-in');
    await task
      .find('radio', /^Nobody/)
      .locator('..')
      .click();
    await task.click('button', 'Save changes');
    await task.expectStatus('The changes were saved.');
    expect(await textAt('/login')).not.toContain('Create an account');
    await task.end({ clicks: 3, pages: 3 });
  });

  it('send a test message', async () => {
    await stage.command(
      'user',
      'update',
      '--username',
      'admin',
      '--email',
      'admin@example.org',
      '--email-verified',
      '--json',
    );
    const task = await begin('send a test message');
    await task.open('Mail');
    await task.click('button', 'Send a test message');
    await task.page.getByRole('status').first().waitFor();
    await mailTo(mail, 'admin@example.org');
    await task.end({ clicks: 2, pages: 3 });
  });

  it('rotate the signing keys', async () => {
    const keys = async (): Promise<number> =>
      (JSON.parse(await textAt('/.well-known/jwks.json')) as { keys: unknown[] }).keys.length;
    const before = await keys();
    const task = await begin('rotate signing keys');
    await task.open('Keys');
    await task.click('button', 'Create new keys');
    await task.expectStatus('New keys created.');
    expect(await keys()).toBeGreaterThan(before);
    await task.end({ clicks: 2, pages: 3 });
  });
});
