import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { writeCertificate } from '../../provider/test/support/certificate';
import { launchChromium, openContext } from './support/chromium.js';
import { RunningProcess } from './support/running-process.js';
import { freePort } from '../../../scripts/lib/free-port.cjs';
import { allow, pressSubmit, submitLogin } from './support/steps.js';

jest.setTimeout(60_000);

const provider = join(__dirname, '../../provider/dist/main.js');
const person = { username: 'watched', password: 'correct horse battery staple' };

/** A client's page with the frame; `ask()` posts a message to it, by default with the session_state of the page's URL. */
const clientPage = (issuer: string, clientId: string): string => `<!doctype html><title>Client</title>
<iframe src="${issuer}/oauth/check-session" hidden></iframe>
<script>
  const frame = document.querySelector('iframe');
  const loaded = new Promise((resolve) => { frame.onload = resolve; });
  const sessionState = new URLSearchParams(location.search).get('session_state');
  const ask = (text = '${clientId} ' + sessionState) => loaded.then(() => new Promise((resolve) => {
    addEventListener('message', (event) => { if (event.origin === '${issuer}') resolve(event.data); }, { once: true });
    frame.contentWindow.postMessage(text, '${issuer}');
  }));
</script>`;

/** OpenID Connect Session Management 3.2, with an https issuer, because browsers require https for its cookie. */
describe('a client page that monitors the session in its browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
  let issuer: string;
  let running: RunningProcess;
  let server: Server;
  let origin: string;
  let clientId = '';
  let chromium: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    const { cert, key } = writeCertificate(folder);
    const port = await freePort();
    issuer = `https://localhost:${port}`;
    running = await RunningProcess.start(provider, {
      GATEHOUSE_ISSUER: issuer,
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_TLS_CERT: cert,
      GATEHOUSE_TLS_KEY: key,
      GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`,
      GATEHOUSE_DATA_DIR: folder,
      GATEHOUSE_SIGN_UP: 'open',
      GATEHOUSE_REGISTRATION: 'open',
      GATEHOUSE_THROTTLE: 'off',
    });
    server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(clientPage(issuer, clientId));
    }).listen(0, 'localhost');
    await once(server, 'listening');
    origin = `https://localhost:${(server.address() as AddressInfo).port}`;
    chromium = await launchChromium();
    context = await openContext(chromium, { ignoreHTTPSErrors: true });
    const registered = await context.request.post(`${issuer}/oauth/register`, {
      data: { client_name: 'Watcher', redirect_uris: [`${origin}/callback`] },
    });
    clientId = ((await registered.json()) as { client_id: string }).client_id;
    page = await context.newPage();
    await page.goto(`${issuer}/sign-up`);
    await submitLogin(page, person);
    await page.waitForURL(/\/home$/);
  });
  afterAll(async () => {
    await chromium.close();
    server.closeAllConnections();
    server.close();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const authorizeUrl = (more: Record<string, string> = {}): string =>
    `${issuer}/oauth/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: `${origin}/callback`,
      scope: 'openid',
      state: 'watching',
      code_challenge: createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    }).toString()}`;
  const ask = (question?: string): Promise<unknown> =>
    page.evaluate(question === undefined ? 'ask()' : `ask(${question})`);

  it('gets unchanged, then changed after a logout in another tab, and likewise after the next login', async () => {
    await page.goto(authorizeUrl());
    await allow(page);
    await page.waitForURL(/session_state=/);
    expect([await ask(), await ask()]).toEqual(['unchanged', 'unchanged']);

    const other = await context.newPage();
    await other.goto(`${issuer}/account`);
    expect(await ask()).toBe('unchanged');
    await other.goto(`${issuer}/logout`);
    await other.click('button[name=logout][value=yes]');
    await other.getByRole('heading', { name: 'You’re signed out' }).waitFor();
    expect(await ask()).toBe('changed');

    // What a client does then (3.1): it sends a request with prompt=none, and gets login_required.
    await page.goto(authorizeUrl({ prompt: 'none' }));
    await page.waitForURL(/error=login_required/);
    expect(await ask()).toBe('unchanged');
    await other.goto(`${issuer}/login`);
    await other.fill('input[name=username]', person.username);
    await other.fill('input[name=password]', person.password);
    await pressSubmit(other);
    await other.waitForURL(/\/home$/);
    expect(await ask()).toBe('changed');
    await page.goto(authorizeUrl({ prompt: 'none' }));
    await page.waitForURL(/code=/);
    expect(await ask()).toBe('unchanged');
  });

  it('gets changed for another client or a forged state, and error for a malformed message', async () => {
    expect(await ask(`'another ' + sessionState`)).toBe('changed');
    expect(await ask(`'${clientId} ' + 'A'.repeat(43) + '.salt'`)).toBe('changed');
    for (const question of [`''`, `'${clientId}'`, `{ text: 1 }`, `'x'.repeat(100000)`, `null`])
      expect({ question, answer: await ask(question) }).toEqual({ question, answer: 'error' });
  });

  it('cannot frame any other page', async () => {
    const violation = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
    await page.evaluate(`frame.src = '${issuer}/login'; undefined`);
    expect((await violation).type()).toBe('error');
  });
});
