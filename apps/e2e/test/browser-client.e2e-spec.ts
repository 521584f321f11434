import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { openContext } from './support/chromium.js';
import type { Person, Stage } from './support/stage.js';
import { allow, submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

const library = join(__dirname, '../../../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js');

/** A single-page application with oidc-client-ts: a public client on another origin. */
const application = (issuer: string, clientId: string): string => `<!doctype html><title>SPA</title>
<button id="login">Log in</button><button id="renew">Renew</button><button id="logout">Log out</button><pre id="who"></pre>
<script src="/library.js"></script>
<script>
  const manager = new oidc.UserManager({
    authority: ${JSON.stringify(issuer)}, client_id: ${JSON.stringify(clientId)},
    redirect_uri: location.origin + '/authorized', post_logout_redirect_uri: location.origin + '/',
    scope: 'openid profile email offline_access', loadUserInfo: true,
  });
  const show = (value) => { document.getElementById('who').textContent = JSON.stringify(value); };
  document.getElementById('login').onclick = () => manager.signinRedirect().catch((error) => show({ error: String(error) }));
  document.getElementById('renew').onclick = () => manager.signinSilent().then((user) => show({ renewed: user.access_token }), (error) => show({ error: String(error) }));
  document.getElementById('logout').onclick = () => manager.signoutRedirect();
  if (location.pathname === '/authorized')
    manager.signinCallback().then((user) => show({ profile: user.profile, token: user.access_token }), (error) => show({ error: String(error) }));
</script>`;

describe('oidc-client-ts in a page on another origin', () => {
  const theatre = useTheatre();
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  let server: Server;
  let origin: string;
  let person: Person;
  let clientId = '';

  beforeAll(async () => {
    stage = theatre.stage;
    const script = readFileSync(library);
    server = createServer((request, response) => {
      if (request.url === '/library.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
      else response.writeHead(200, { 'Content-Type': 'text/html' }).end(application(stage.issuer, clientId));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    clientId = (await stage.addClient('Single page', origin, '--public')).client_id;
    person = await stage.addPerson();
    context = await openContext(theatre.chromium);
    page = await context.newPage();
  });
  afterAll(async () => {
    await context.close();
    server.close();
  });

  const shown = async (): Promise<Record<string, unknown>> => {
    await page.waitForFunction(() => document.getElementById('who')?.textContent !== '');
    return JSON.parse((await page.textContent('#who')) ?? '') as Record<string, unknown>;
  };

  it('logs in with PKCE, reads UserInfo cross-origin, renews tokens with a refresh token and logs out', async () => {
    await page.goto(origin);
    await page.click('#login');
    await page.waitForURL(/\/login/);
    await submitLogin(page, person);
    await page.waitForURL(/\/consent/);
    await allow(page);
    await page.waitForURL(/\/authorized/);
    const first = await shown();
    expect(first).not.toHaveProperty('error');
    expect(first['profile']).toMatchObject({ preferred_username: person.username, iss: stage.issuer });

    await page.evaluate(() => (document.getElementById('who') as HTMLElement).replaceChildren());
    await page.click('#renew');
    const renewed = await shown();
    expect(renewed).not.toHaveProperty('error');
    expect(renewed['renewed']).not.toBe(first['token']);

    await page.click('#logout');
    await page.waitForURL(`${origin}/`);
    await page.goto(`${stage.issuer}/account`);
    expect(new URL(page.url()).pathname).toBe('/login');
  });
});
