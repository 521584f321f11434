import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientsService } from '../../src/clients/clients.service';
import { Browser, send } from '../support/browser';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>';

describe('a set-up’s own name, logo and colour', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-brand-'));
    writeFileSync(join(folder, 'house.svg'), svg);
    writeFileSync(join(folder, 'large.png'), Buffer.alloc(200_001));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('stand on its pages, errors too', async () => {
    const provider = await startProvider({
      env: {
        GATEHOUSE_PRODUCT_NAME: 'Häuser & Söhne',
        GATEHOUSE_LOGO: join(folder, 'house.svg'),
        GATEHOUSE_ACCENT: '#7A1F5C',
      },
    });
    try {
      const login = await send(`${provider.base}/login`);
      expect(login.text).toContain('· Häuser &amp; Söhne</title>');
      expect(login.text).not.toContain('Gatehouse');
      const logo = /<img [^>]*src="([^"]+)"/.exec(login.text)?.[1] ?? '';
      const shown = await send(provider.base + logo);
      expect([shown.headers['content-type'], shown.text]).toEqual(['image/svg+xml', svg]);
      const error = await send(`${provider.base}/nowhere`, { headers: { Accept: 'text/html' } });
      expect(error.text).not.toContain('Gatehouse');
      const home = await (await provider.logIn(await provider.addUser())).open(`${provider.base}/home`);
      for (const [page, color] of [
        [login, '--brand: #7a1f5c;'],
        [error, '--brand: #7a1f5c;'],
        [home, '--accent: #7a1f5c;'],
      ] as const) {
        const sheet = /href="(\/assets\/brand[^"]+\.css)"/.exec(page.text)?.[1] ?? '';
        const css = await send(provider.base + sheet);
        expect(css.headers['content-type']).toContain('text/css');
        expect(css.text).toContain(color);
      }
    } finally {
      await provider.close();
    }
  });

  it.each([
    ['GATEHOUSE_ACCENT', '#ffff00', /too light/],
    ['GATEHOUSE_ACCENT', 'red', /not a color/],
    ['GATEHOUSE_LOGO', 'logo.gif', /must be an \.svg or \.png/],
    ['GATEHOUSE_LOGO', '/nowhere/logo.svg', /cannot be read/],
    ['GATEHOUSE_LOGO', 'LARGE', /more than 200000 bytes/],
    ['GATEHOUSE_PRODUCT_NAME', '<b>', /contains a control character or one of/],
  ])('%s=%s stops the start with a sentence', async (name, value, sentence) => {
    const path = value === 'LARGE' ? join(folder, 'large.png') : value;
    await expect(startProvider({ env: { [name]: path } })).rejects.toThrow(sentence);
  });
});

describe('a client’s logo', () => {
  let provider: TestProvider;
  let server: Server;
  let answer: RequestListener;
  let asked = 0;
  let origin: string;
  let number = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked++;
      answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' } });
  });
  beforeEach(() => {
    asked = 0;
    answer = (_request, response) => response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end(svg);
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await provider.close();
  });

  const addClient = (more: object = {}) =>
    provider.addClient({ name: 'Pictured', logoUri: `${origin}/${++number}.svg`, ...more });

  it('stands on login and consent, from our address, fetched once, and can do nothing', async () => {
    const { client } = await addClient();
    const address = `/client-logo/${client.id}`;
    const url = authorizeUrl(provider, authorizationRequest(client).parameters);
    const visitor = new Browser();
    expect((await visitor.open(url)).text).toContain(`src="${address}"`);
    const person = await provider.logIn(await provider.addUser());
    const consent = await person.open(url);
    expect(consent.text).toContain(`src="${address}"`);
    expect(consent.headers['content-security-policy']).toContain("img-src 'self' data:");
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(provider.base + address)));
    for (const each of answers) {
      expect([each.status, each.text, each.headers['content-type']]).toEqual([200, svg, 'image/svg+xml']);
      expect(each.headers['content-security-policy']).toContain('sandbox');
      expect(each.headers['x-content-type-options']).toBe('nosniff');
    }
    expect(asked).toBe(1);
  });

  it.each<[string, RequestListener]>([
    ['no picture', (_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<script>')],
    ['an error', (_request, response) => response.writeHead(500).end()],
    ['a redirect', (_request, response) => response.writeHead(302, { Location: 'http://127.0.0.1/' }).end()],
    [
      'too much',
      (_request, response) => response.writeHead(200, { 'Content-Type': 'image/png' }).end(Buffer.alloc(300_000)),
    ],
  ])('is none where its host answers %s, and is not asked for again at once', async (_name, listener) => {
    answer = listener;
    const { client } = await addClient();
    for (let again = 0; again < 3; again++)
      expect((await send(`${provider.base}/client-logo/${client.id}`)).status).toBe(404);
    expect(asked).toBe(1);
  });

  it('is not shown for unapproved clients or clients without one', async () => {
    const { client } = await addClient({ source: 'registration' });
    const url = authorizeUrl(provider, authorizationRequest(client).parameters);
    expect((await new Browser().open(url)).text).not.toContain('client-logo');
    expect((await send(`${provider.base}/client-logo/${client.id}`)).status).toBe(404);
    expect(asked).toBe(0);
    await provider.execute(SetClientState, { id: client.id, decision: 'approve' });
    expect((await provider.app.get(ClientsService).find(client.id))?.approvedAt).toBeDefined();
    expect((await new Browser().open(url)).text).toContain('client-logo');
    const plain = await provider.addClient();
    expect((await send(`${provider.base}/client-logo/${plain.client.id}`)).status).toBe(404);
    expect((await send(`${provider.base}/client-logo/nobody`)).status).toBe(404);
  });
});
