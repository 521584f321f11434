import type { BrowserContext } from 'playwright-core';
import { administrator, openConsole } from './support/administrator.js';
import { requestSignIn } from './support/sign-in-request.js';
import type { Stage } from './support/stage.js';
import { Task } from './support/task.js';
import { useTheatre } from './support/theatre.js';

/** What administrators do with applications, from the overview. */
describe('frequent tasks with applications', () => {
  const theatre = useTheatre({ adminPassword: administrator.password });
  let stage: Stage;
  let console: BrowserContext;

  beforeAll(async () => {
    stage = theatre.stage;
    console = await openConsole(theatre.chromium, stage);
  });
  afterAll(() => console.close());

  const begin = (name: string): Promise<Task> => Task.begin(console, name, `${stage.issuer}/admin`);

  const signIn = (clientId: string, changed?: Record<string, string>): Promise<string> =>
    requestSignIn(stage, clientId, changed);

  const introspect = (id: string, secret: string): Promise<Response> =>
    fetch(`${stage.issuer}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ token: 'unknown' }),
    });

  it('connect an application, and copy its client ID and its secret, which is shown once', async () => {
    const task = await begin('connect an application');
    await task.open('Applications');
    await task.click('link', 'Add application');
    await task.type('What’s it called?', 'Photo album');
    await task.type('Redirect URI 1', 'https://photos.example.org/authorized');
    await task.click('button', 'Add application');
    await task.expectHeading('Client secret of Photo album');
    await task.find('heading', 'Connection').waitFor();
    task.expectAtMost({ clicks: 5, pages: 4 });

    const copied: string[] = [];
    for (const what of ['Client ID', 'Client secret']) {
      await task.click('button', `Copy ${what}`);
      await task.expectStatus('Copied');
      copied.push(await task.page.evaluate(() => navigator.clipboard.readText()));
    }
    const [id = '', secret = ''] = copied;
    expect((await introspect(id, secret)).status).toBe(200);
    expect(await signIn(id, { redirect_uri: 'https://photos.example.org/authorized' })).toBe('login');

    await task.click('link', 'I’ve copied it');
    await task.find('heading', 'Connection').waitFor();
    await task.expectHeading('Photo album');
    expect(await task.page.getByRole('main').textContent()).not.toContain(secret);
    expect(await task.find('button', 'Copy Client ID').count()).toBe(1);
    await task.end({ clicks: 8, pages: 5 });
  });

  it('change a redirect URI', async () => {
    const { client_id } = await stage.addClient('Calendar', 'https://first.example.org');
    expect(await signIn(client_id)).toBe('login');
    const task = await begin('change a redirect URI');
    await task.open('Applications');
    await task.click('link', 'Calendar');
    await task.type('Redirect URI 1', 'https://second.example.org/authorized');
    await task.click('button', 'Save changes', task.page.getByRole('main'));
    await task.expectStatus('Changes saved.');
    expect(await signIn(client_id)).toBe('refused');
    expect(await signIn(client_id, { redirect_uri: 'https://second.example.org/authorized' })).toBe('login');
    await task.end({ clicks: 4, pages: 4 });
  });

  it('add a scope to an application', async () => {
    const { client_id } = await stage.addClient('Address book', 'https://first.example.org');
    expect(await signIn(client_id, { scope: 'openid phone' })).toBe('invalid_scope');
    const task = await begin('add a scope');
    await task.open('Applications');
    await task.click('link', 'Address book');
    await task.click('link', 'Scopes and claims');
    await task.click('button', 'Add scope');
    await task.type('Scope 6', 'phone');
    await task.click('button', 'Save changes');
    await task.expectStatus('Changes saved.');
    expect(await signIn(client_id, { scope: 'openid phone' })).toBe('login');
    await task.end({ clicks: 5, pages: 5 });
  });

  it('rotate a client secret', async () => {
    const { client_id, client_secret } = await stage.addClient('Backups', 'https://first.example.org');
    const task = await begin('rotate a client secret');
    await task.open('Applications');
    await task.click('link', 'Backups');
    await task.click('button', 'Rotate secret');
    await task.expectHeading('Client secret of Backups');
    await task.click('button', 'Copy Client secret');
    await task.expectStatus('Copied');
    const secret = await task.page.evaluate(() => navigator.clipboard.readText());
    expect(secret).not.toBe(client_secret);
    expect((await introspect(client_id, secret)).status).toBe(200);
    await task.end({ clicks: 4, pages: 4 });
  });

  it('disable an application', async () => {
    const { client_id } = await stage.addClient('Old wiki', 'https://first.example.org');
    const task = await begin('disable an application');
    await task.open('Applications');
    await task.click('link', 'Old wiki');
    await task.click('link', 'Danger zone');
    await task.click('button', 'Disable application');
    await task.page.getByText('This application is disabled').waitFor();
    expect(await signIn(client_id)).toBe('refused');
    await task.end({ clicks: 4, pages: 5 });
  });
});
