import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import { openContext } from './support/chromium.js';
import { allow, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

jest.setTimeout(90_000);

/** OpenID Connect Front-Channel Logout 1.0 in a real browser: the page that logs out loads the clients' pages in frames. */
describe('a client that is told of a logout in the browser', () => {
  const theatre = useTheatre({});
  let server: Server;
  let origin: string;
  let context: BrowserContext;
  const asked: URL[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '', origin));
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Client</title><p>Bye</p>');
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

  it('gets a request from the browser with issuer and session, before the person goes on', async () => {
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
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
    const parameters = new URLSearchParams({
      response_type: 'code',
      client_id: registered.client_id,
      redirect_uri: `${origin}/authorized`,
      scope: 'openid',
      state: 'of-the-client',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    await page.goto(`${stage.issuer}/oauth/authorize?${parameters.toString()}`);
    await submitLogin(page, person);
    await allow(page);
    await page.waitForURL((url) => url.origin === origin);
    asked.length = 0;

    await page.goto(`${stage.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
    for (let waited = 0; asked.length === 0 && waited < 50; waited++) await page.waitForTimeout(100);
    const told = asked.find(({ pathname }) => pathname === '/logged-out');
    expect(told?.searchParams.get('iss')).toBe(stage.issuer);
    expect(told?.searchParams.get('sid')).toMatch(/.{10,}/);
    expect(blocked).toEqual([]);
  });
});
