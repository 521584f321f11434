import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { allow, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

jest.setTimeout(90_000);

const plainPage = '<!doctype html><title>Client</title><p>Bye</p>';
/** A client that stores its login only in the browser, and one that tries to leave its frame on logout. */
const clientPages: Readonly<Record<string, string>> = {
  '/authorized': `<!doctype html><title>Client</title><script>
    document.cookie = 'login=yes; path=/'; localStorage.setItem('login', 'yes');
  </script>`,
  '/logged-out': `<!doctype html><title>Client</title><script>
    document.cookie = 'login=; path=/; max-age=0'; localStorage.removeItem('login');
  </script>`,
  '/leaves-its-frame': `<!doctype html><title>Client</title><script>
    try { top.location = '/taken'; } catch {} window.open('/opened'); fetch('/tried');
  </script>`,
};

/** OpenID Connect Front-Channel Logout 1.0 in a real browser: the page that logs out loads the clients' pages in frames. */
describe('a client that is notified of a logout in the browser', () => {
  const theatre = useTheatre({});
  let server: Server;
  let origin: string;
  let context: BrowserContext;
  const requested: URL[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      requested.push(new URL(request.url ?? '', origin));
      response
        .writeHead(200, { 'Content-Type': 'text/html' })
        .end(clientPages[requested.at(-1)?.pathname ?? ''] ?? plainPage);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(async () => {
    context = await openContext(theatre.chromium);
  });
  afterEach(() => context.close());
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gets a request from the browser with issuer and session before the user continues', async () => {
    const { stage } = theatre;
    const person = await stage.addPerson('leaver');
    const registered = await stage.addClient(
      'Told client',
      origin,
      '--frontchannel-logout-uri',
      `${origin}/logged-out`,
      '--frontchannel-logout-session-required',
    );
    const page = await context.newPage();
    const blocked: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') blocked.push(message.text());
    });
    await page.goto(`${stage.issuer}/oauth/authorize?${requestOf(registered.client_id).toString()}`);
    await submitLogin(page, person);
    await allow(page);
    await page.waitForURL((url) => url.origin === origin);
    requested.length = 0;

    await page.goto(`${stage.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You’re signed out' }).waitFor();
    for (let waited = 0; requested.length === 0 && waited < 50; waited++) await page.waitForTimeout(100);
    const notification = requested.find(({ pathname }) => pathname === '/logged-out');
    expect(notification?.searchParams.get('iss')).toBe(stage.issuer);
    expect(notification?.searchParams.get('sid')).toMatch(/.{10,}/);
    expect(blocked).toEqual([]);
    // The client's data in this browser is deleted: the frame ran its script with its own cookies and storage.
    await page.goto(`${origin}/plain`);
    expect(await page.evaluate(() => [document.cookie.includes('login=yes'), localStorage.getItem('login')])).toEqual([
      false,
      null,
    ]);
  });

  it('cannot navigate the logout page or open windows', async () => {
    const { stage } = theatre;
    const person = await stage.addPerson('framed');
    const registered = await stage.addClient(
      'Restless client',
      origin,
      '--frontchannel-logout-uri',
      `${origin}/leaves-its-frame`,
    );
    const page = await context.newPage();
    await page.goto(`${stage.issuer}/oauth/authorize?${requestOf(registered.client_id).toString()}`);
    await submitLogin(page, person);
    await allow(page);
    await page.waitForURL((url) => url.origin === origin);
    requested.length = 0;
    await page.goto(`${stage.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    for (let waited = 0; !wasRequested('/tried') && waited < 50; waited++) await page.waitForTimeout(100);
    expect(wasRequested('/tried')).toBe(true);
    await page.waitForTimeout(300);
    expect(new URL(page.url()).origin).toBe(stage.issuer);
    expect(context.pages()).toHaveLength(1);
    expect(wasRequested('/taken') || wasRequested('/opened')).toBe(false);
  });

  const wasRequested = (path: string): boolean => requested.some(({ pathname }) => pathname === path);

  function requestOf(clientId: string): URLSearchParams {
    return new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: `${origin}/authorized`,
      scope: 'openid',
      state: 'of-the-client',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
  }
});
