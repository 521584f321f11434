import { once } from 'node:events';
import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import {
  ask,
  assets,
  clock,
  logLines,
  ORIGIN,
  postForm,
  rawExchange,
  slowRequests,
  staticCalls,
  startTrial,
  type Trial,
} from './support.js';

describe.each([true, false])('the adapter on a real socket, with direct dispatch: %s', (dispatchDirectly) => {
  let trial: Trial;
  beforeAll(async () => (trial = await startTrial({ dispatchDirectly })));
  afterAll(() => trial.app.close());

  it.each([
    ['one.example', 200, { host: 'one' }],
    ['two.example', 200, { host: 'two' }],
    ['three.example', 404, { error: 'page.not_found' }],
  ])('passes a request for %s to the handler of that host', async (host, status, body) => {
    const answer = await ask(trial, '/host', { headers: { host } });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(body);
  });

  it('calls the handler of a static reply once with direct dispatch, and logs every request', async () => {
    staticCalls.count = 0;
    logLines.length = 0;
    const answers = [];
    for (let request = 0; request < 3; request += 1) answers.push(await ask(trial, '/static?q=1'));
    expect(answers.map(({ body }) => body)).toEqual(
      [1, 2, 3].map((call) => JSON.stringify({ call: dispatchDirectly ? 1 : call })),
    );
    expect(logLines.filter((line) => line.includes('/static'))).toHaveLength(3);
    expect((await ask(trial, '/static', { method: 'HEAD' })).status).toBe(200);
    expect((await ask(trial, '/static', { method: 'POST' })).status).toBe(404);
  });

  it('calls the handler of another constant reply each time', async () => {
    staticCalls.count = 0;
    await ask(trial, '/constant');
    expect((await ask(trial, '/constant')).body).toBe('{"call":2}');
  });

  it('sends a page with its length and policy, and without headers that name the software', async () => {
    const answer = await ask(trial, '/page?name=%3Cb%3E');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.body)));
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'content-type': 'text/html; charset=utf-8',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect(answer.body).toContain('<h1>Hello &lt;b&gt;</h1>');
    expect(answer.body).toContain('<title>Hello</title>');
  });

  it('sends the schemes that a form may redirect to', async () => {
    const answer = await ask(trial, '/leads-on');
    expect(answer.headers['content-security-policy']).toContain("form-action 'self' https: com.example.app:");
  });

  it('responds to HEAD with the headers of GET and no body', async () => {
    const get = await ask(trial, '/leads-on');
    const head = await ask(trial, '/leads-on', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.body).toBe('');
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  it('sends JSON with no-store, unless the controller sets another policy', async () => {
    const plain = await ask(trial, '/json');
    expect(plain.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  it('sends a constant reply repeatedly and completely', async () => {
    // The first request closes its connection, which must not affect later responses.
    const ended = await ask(trial, '/cached', { headers: { 'content-length': '3' }, body: 'a=1' });
    for (const answer of [ended, await ask(trial, '/cached'), await ask(trial, '/cached')]) {
      expect(answer.headers['cache-control']).toBe('public, max-age=60');
      expect(answer.headers['content-length']).toBe('15');
      expect(answer.body).toBe('{"ready":"jä"}');
    }
    expect((await ask(trial, '/cached')).headers.connection).not.toBe('close');
  });

  it('posts to another origin with a page whose policy allows nothing else', async () => {
    const answer = await ask(trial, '/form-post');
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; form-action https:; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(answer.body).toContain('name="code" value="a&quot;b"');
    expect(answer.body).toContain('<noscript>');
    expect(answer.body).toContain(`src="${assets.formPostScript}"`);
    const script = await ask(trial, assets.formPostScript);
    expect(script.body).toContain('submit()');
  });

  it('redirects with an ASCII Location, and sends 204 without a length', async () => {
    const away = await ask(trial, '/away');
    expect(away.status).toBe(303);
    expect(away.headers.location).toBe('https://client.example/cb?x=1&y=%C3%A4%20b');
    const nothing = await ask(trial, '/nothing');
    expect(nothing.status).toBe(204);
    expect(nothing.headers).not.toHaveProperty('content-length');
  });

  it('serves an asset as immutable under its hashed name, and with revalidation under its plain name', async () => {
    const hashed = await ask(trial, assets.url('plain.css'));
    expect(hashed.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(hashed.headers['content-type']).toBe('text/css; charset=utf-8');
    const plain = await ask(trial, '/assets/plain.css');
    expect(plain.headers['cache-control']).toBe('no-cache');
    expect((await ask(trial, '/assets/other.css')).status).toBe(404);
    expect((await ask(trial, '/assets/..%2fsupport.ts')).status).toBe(404);
  });

  it('reads forms with both spellings of the media type, and with invalid UTF-8', async () => {
    const answer = await postForm(trial, '/form', 'a=1&a=2&b=%ff%zz&c=%C3%A4+x', {
      'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8',
    });
    expect(JSON.parse(answer.body)).toEqual({ a: ['1', '2'], b: ['\ufffd%zz'], c: ['ä x'] });
  });

  it('reads a POST without a body as an empty form', async () => {
    const answer = await ask(trial, '/form', { method: 'POST' });
    expect(JSON.parse(answer.body)).toEqual({});
  });

  it.each([1001, 20_000, 5_000_000])(
    'responds to %i bytes with 413 and closes or drains the connection',
    async (size) => {
      const answer = await postForm(trial, '/form', `a=${'x'.repeat(size - 2)}`);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'form.too_large' });
    },
  );

  it('responds to an endless chunked body with 413, and closes the connection', async () => {
    const head =
      'POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const received = await rawExchange(trial, head + chunk.repeat(20));
    expect(received).toMatch(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/);
  });

  it.each([
    ['gzip, chunked', 501],
    ['identity, chunked', 501],
    // Rejected by the parser of Node.js.
    ['chunked, chunked', 400],
  ])(
    'reads no body in the transfer coding %s, and no other request after it: %i (RFC 9112 6.1)',
    async (coding, status) => {
      const head = `POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
      const received = await rawExchange(trial, `${head}3\r\na=b\r\n0\r\n\r\nGET /json HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
      expect(received).toContain('\r\nConnection: close\r\n');
    },
  );

  it('reads a chunked body in all spellings of the transfer coding', async () => {
    const head =
      'POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: Chunked \r\n\r\n';
    expect(await rawExchange(trial, `${head}3\r\na=b\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('responds to too many parameters with 413', async () => {
    expect((await postForm(trial, '/form', '&'.repeat(999))).status).toBe(200);
    expect((await postForm(trial, '/page', `${'a&'.repeat(1000)}a`)).status).toBe(413);
  });

  it.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain'])(
    'responds to %s with 415',
    async (type) => {
      expect((await postForm(trial, '/form', '{"a":1}', { 'content-type': type })).status).toBe(415);
    },
  );

  it('responds to a compressed body with 415', async () => {
    expect((await postForm(trial, '/form', 'a=1', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('survives a request that is aborted in its body', async () => {
    const head =
      'POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=';
    const pending = rawExchange(trial, head);
    await new Promise((resolve) => setTimeout(resolve, 30));
    (trial.app.getHttpServer() as Server).closeAllConnections();
    await pending.catch(() => undefined);
    expect((await ask(trial, '/json')).status).toBe(200);
  });

  it('responds to an unknown or malformed URL with 404, through the filter', async () => {
    expect(JSON.parse((await ask(trial, '/nowhere')).body)).toMatchObject({ error: 'page.not_found' });
    expect((await ask(trial, '/nowhere', { method: 'POST' })).status).toBe(404);
    expect((await ask(trial, '/%ff')).status).toBe(404);
  });

  it('does not disclose an unexpected error', async () => {
    const answer = await ask(trial, '/bug');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('12345');
    expect(answer.headers).not.toHaveProperty('connection', 'close');
    expect((await ask(trial, '/missing-view')).status).toBe(500);
  });

  it('aborts a response that fails halfway, and continues to serve', async () => {
    await expect(ask(trial, '/half/1')).rejects.toThrow();
    expect((await ask(trial, '/json')).status).toBe(200);
  });

  it('sends the other responses when one cannot be written', async () => {
    const paths = ['/json', '/unwritable', '/json'];
    const answers = await Promise.all(paths.map((path) => ask(trial, path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 500, 200]);
  });

  it('sends a plain response if the filter fails too', async () => {
    const answer = await ask(trial, '/teapot');
    expect(answer).toMatchObject({ status: 500, body: 'Something went wrong here.\n' });
  });

  it("logs a request's route and never its URL", async () => {
    logLines.length = 0;
    const answer = await ask(trial, '/json?code=hunter2');
    await ask(trial, '/hunter2');
    expect(logLines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        msg: 'request',
        method: 'GET',
        route: '/json',
        status: 200,
        request: (JSON.parse(answer.body) as { id: string }).id,
      }),
      expect.objectContaining({ route: 'unmatched', status: 404 }),
    ]);
    expect(logLines.join('')).not.toContain('hunter2');
  });

  it('determines the client behind a trusted proxy, and its trace', async () => {
    const answer = await ask(trial, '/json', {
      headers: {
        'x-forwarded-for': '203.0.113.9, 198.51.100.7, ::ffff:127.0.0.9',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
    });
    expect(JSON.parse(answer.body)).toEqual({ address: '198.51.100.7', id: '4bf92f3577b34da6a3ce929d0e0e4736' });
  });

  describe('forms of its own pages', () => {
    async function openForm() {
      const page = await ask(trial, '/page');
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      const [setCookie = ''] = page.headers['set-cookie'] ?? [];
      return { csrf, cookie: setCookie.split(';')[0] ?? '', setCookie };
    }

    it('sets the browser cookie once', async () => {
      const { cookie, setCookie } = await openForm();
      expect(setCookie).toMatch(/^gatehouse_browser=[\w-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Lax$/);
      expect((await ask(trial, '/page', { headers: { cookie } })).headers).not.toHaveProperty('set-cookie');
      const bad = await ask(trial, '/page', { headers: { cookie: 'gatehouse_browser=me' } });
      expect(bad.headers['set-cookie']).toHaveLength(1);
    });

    it('accepts its own token from its own origin', async () => {
      const { csrf, cookie } = await openForm();
      const answer = await postForm(trial, '/page', `csrf=${csrf}&name=x&password=p`, { cookie, origin: ORIGIN });
      expect(JSON.parse(answer.body)).toEqual({ typed: { name: 'x', password: 'p' } });
    });

    it('keeps the input except passwords when the token has expired', async () => {
      const { csrf, cookie } = await openForm();
      clock.advance(24 * 3600 + 1);
      const answer = await postForm(trial, '/page', `csrf=${csrf}&name=x&password=p`, { cookie, origin: ORIGIN });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toEqual({ typed: { name: 'x' }, refusal: 'form.csrf' });
    });

    it.each([
      ['another origin', { origin: 'https://evil.example' }],
      ['a null origin', { origin: 'null' }],
      ['another scheme', { origin: 'https://127.0.0.1:5000' }],
      ['no origin at all', {}],
      ['a cross-site fetch', { 'sec-fetch-site': 'cross-site', referer: `${ORIGIN}/page` }],
      ['a foreign referer', { referer: 'https://evil.example/?http://127.0.0.1:5000/' }],
    ])('keeps nothing of a form from %s', async (_name, headers) => {
      const { csrf, cookie } = await openForm();
      const answer = await postForm(trial, '/page', `csrf=${csrf}&name=x`, { cookie, ...headers });
      expect(JSON.parse(answer.body)).toEqual({ typed: {}, refusal: 'form.origin' });
    });

    it.each([[{ referer: `${ORIGIN}/page` }], [{ 'sec-fetch-site': 'same-origin' }]])(
      'accepts a form without Origin that came with %j',
      async (headers) => {
        const { csrf, cookie } = await openForm();
        expect((await postForm(trial, '/page', `csrf=${csrf}&name=x`, { cookie, ...headers })).status).toBe(200);
      },
    );
  });
});

describe('closing', () => {
  it('closes idle connections immediately and completes running requests', async () => {
    const trial = await startTrial({ origin: 'https://id.example' });
    let idle: Promise<string> | undefined;
    await new Promise<void>((resolve) => {
      idle = rawExchange(trial, 'GET /json HTTP/1.1\r\nHost: x\r\n\r\n', resolve);
    });
    const begun = once(slowRequests, 'begun');
    const busy = ask(trial, '/slow');
    await begun;
    const started = Date.now();
    await Promise.all([trial.app.close(), trial.app.close()]);
    expect(Date.now() - started).toBeLessThan(2000);
    const answer = await busy;
    expect(answer.body).toBe('{"done":true}');
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(await idle).toContain('200 OK');
  });
});

describe('listening', () => {
  const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );

  it('listens on both addresses of localhost', async () => {
    const trial = await startTrial({ host: 'localhost' });
    expect((await ask(trial, '/json', { host: '127.0.0.1' })).status).toBe(200);
    if (hasIPv6) {
      const answer = await ask(trial, '/json', { host: '::1' });
      expect(JSON.parse(answer.body)).toMatchObject({ address: '::1' });
    }
    await trial.app.close();
    await expect(ask(trial, '/json', { host: '::1' })).rejects.toThrow();
  });
});
