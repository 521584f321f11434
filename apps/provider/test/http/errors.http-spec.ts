import { createLog } from '@gatehouse/platform/telemetry/log';
import { KeysService } from '../../src/keys/keys.service';
import { Browser, send } from '../support/browser';
import { basic, post, startProvider, type TestProvider } from '../support/provider';

type ErrorBody = { error: string; message: string; request_id: string };

describe('error answers', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const page = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const json = { Accept: 'application/json' };

  it('for a person: a page with one sentence, its stable id and the request id', async () => {
    const answer = await send(`${provider.issuer}/nowhere`, { headers: page });
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('Page not found</h1>');
    expect(answer.text).toContain('<code>page.not_found</code>');
    expect(answer.text).toMatch(/Request ID<\/dt><dd>.*<code id="request-id">[0-9a-f]{32}<\/code>/);
  });

  it('for a program: JSON with the same id', async () => {
    const answer = await send(`${provider.issuer}/nowhere`, { headers: json });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json<ErrorBody>()).toEqual({
      error: 'page.not_found',
      message: 'Page not found',
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    });
  });

  it('the request id is the trace id that came with the request (W3C Trace Context)', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await send(`${provider.issuer}/nowhere`, {
      headers: { ...json, traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    expect(answer.json<ErrorBody>().request_id).toBe(trace);
    const forged = await send(`${provider.issuer}/nowhere`, {
      headers: { ...json, traceparent: '00-"><script>-x-01' },
    });
    expect(forged.json<ErrorBody>().request_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    '/nowhere',
    '/oauth/nowhere',
    '/login/x/y',
    '/assets/nothing.css',
    '/%00',
    '/..%2f..%2fetc/passwd',
    '/.env',
    '/resource/update/a%00',
    '/failed-request/%00a',
  ])('404 at %s', async (path) => {
    expect((await send(provider.issuer + path, { headers: page })).status).toBe(404);
  });

  it('a malformed percent sign in the path is 400', async () => {
    expect((await send(`${provider.issuer}/client/update/%zz`, { headers: page })).status).toBe(400);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('%s on a page is refused', async (method) => {
    expect([404, 405]).toContain((await send(`${provider.issuer}/login`, { method, headers: page })).status);
  });

  it('415 for a form that is no form, 413 for one that is too large', async () => {
    const post415 = await send(`${provider.issuer}/login`, {
      method: 'POST',
      body: '{}',
      headers: { ...json, 'Content-Type': 'application/json', Origin: provider.issuer },
    });
    expect(post415.status).toBe(415);
    expect(post415.json<ErrorBody>().error).toBe('form.unsupported');
    const post413 = await send(`${provider.issuer}/login`, {
      method: 'POST',
      body: `username=${'x'.repeat(300_000)}`,
      headers: { ...json, 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
    });
    expect(post413.status).toBe(413);
    expect(post413.json<ErrorBody>().error).toBe('form.too_large');
  });

  it('what a role may not do is 403 page.forbidden', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const answer = await browser.open(`${provider.issuer}/user`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('page.forbidden');
  });

  describe('addresses of our own after a login (open redirects)', () => {
    it.each([
      'https://evil.test/',
      '//evil.test/',
      '/\\evil.test',
      '\\\\evil.test',
      '/\t/evil.test',
      '/\n/evil.test',
      '/..//evil.test',
      '/./\\evil.test',
      '%2f%2fevil.test',
      'javascript:alert(1)',
      'login',
      '/@evil.test:x//\\',
      ' //evil.test',
      '///evil.test',
      'http:evil.test',
      `/${'x'.repeat(3000)}`,
    ])('next=%j never leaves this site', async (next) => {
      const user = await provider.addUser();
      const url = `${provider.issuer}/login?next=${encodeURIComponent(next)}`;
      const stranger = new Browser();
      await stranger.open(url);
      const first = await stranger.submit({ username: user.username, password: user.password });
      expect(new URL(first.location ?? stranger.address).origin).toBe(provider.issuer);
      expect(new URL(stranger.address).origin).toBe(provider.issuer);
      // and for someone who is logged in already
      const answer = await stranger.send(url);
      expect(new URL(answer.location ?? provider.issuer).origin).toBe(provider.issuer);
    });

    it('an address of our own is kept with its query', async () => {
      const browser = await provider.logIn(await provider.addUser());
      expect(
        (await browser.send(`${provider.issuer}/login?next=${encodeURIComponent('/account?x=1&y=%20')}`)).location,
      ).toBe(`${provider.issuer}/account?x=1&y=%20`);
    });
  });

  describe('an outage', () => {
    let lines: string[];
    let broken: TestProvider;
    beforeAll(async () => {
      lines = [];
      const log = createLog({
        level: 'info',
        name: 'provider',
        destination: { write: (line: string) => void lines.push(line) },
      });
      broken = await startProvider({ log });
    });
    afterAll(() => broken.close());

    it('is 500 without details, logged once with the request id that the person sees', async () => {
      const browser = await broken.logIn(await broken.addUser());
      await broken.store.run(
        async (unit) => void (await unit.manager.query('ALTER TABLE sessions RENAME TO sessions_gone')),
      );
      try {
        const answer = await browser.open(`${broken.issuer}/home`);
        expect([500, 503]).toContain(answer.status);
        expect(answer.text).not.toMatch(/sessions|SQL|sqlite|\.ts|\.js:/i);
        const id = /<code id="request-id">([0-9a-f]{32})/.exec(answer.text)?.[1] ?? 'none';
        expect(lines.filter((line) => line.includes(id) && line.includes('"error"'))).toHaveLength(1);
      } finally {
        await broken.store.run(
          async (unit) => void (await unit.manager.query('ALTER TABLE sessions_gone RENAME TO sessions')),
        );
      }
    });

    it('at the token endpoint is server_error or temporarily_unavailable in JSON, no-store', async () => {
      const { client, secret } = await broken.addClient({
        grantTypes: ['client_credentials'],
        redirectUris: [],
        scope: [],
      });
      await broken.store.run(
        async (unit) => void (await unit.manager.query('ALTER TABLE access_tokens RENAME TO gone')),
      );
      try {
        const answer = await post(
          `${broken.issuer}/oauth/token`,
          { grant_type: 'client_credentials' },
          { Authorization: basic(client, secret) },
        );
        expect([500, 503]).toContain(answer.status);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(['server_error', 'temporarily_unavailable']).toContain(answer.json<{ error: string }>().error);
        expect(answer.text).not.toMatch(/access_tokens|SQL/i);
      } finally {
        await broken.store.run(
          async (unit) => void (await unit.manager.query('ALTER TABLE gone RENAME TO access_tokens')),
        );
      }
    });

    it('no secret stands in the log', async () => {
      const user = await broken.addUser({ password: 'a password that nobody logs' });
      const browser = await broken.logIn(user);
      const cookie = browser.cookie(broken.host, 'gatehouse_session') ?? 'none';
      await browser.open(`${broken.issuer}/login?token=secret-in-a-query`);
      const text = lines.join('');
      for (const secret of [user.password, cookie, cookie.split('.')[1] ?? 'none', 'secret-in-a-query'])
        expect(text).not.toContain(secret);
    });
  });
});

describe('health', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  it('/healthz says that the process lives', async () => {
    const answer = await send(`${provider.issuer}/healthz`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ status: 'ok' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('/readyz says that store and keys do their work', async () => {
    const answer = await send(`${provider.issuer}/readyz`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      status: 'ok',
      checks: { store: true, durability: true, migrations: true, keys: true },
    });
  });

  it('/readyz is 503 while the schema lacks a migration of this version', async () => {
    const early = await startProvider();
    try {
      await early.store.run(async (unit) => void (await unit.manager.query(`DELETE FROM migrations WHERE id = 2`)));
      const answer = await send(`${early.issuer}/readyz`);
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({ checks: { store: true, migrations: false, keys: true } });
    } finally {
      await early.close();
    }
  });

  it('/readyz is 503 with Retry-After while no key signs, and /healthz still 200', async () => {
    const lame = await startProvider();
    try {
      await lame.store.run(async (unit) => void (await unit.manager.query('DELETE FROM signing_keys')));
      lame.app.get(KeysService).forget();
      const answer = await send(`${lame.issuer}/readyz`);
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBeDefined();
      expect(answer.json()).toMatchObject({ checks: { store: true, keys: false } });
      expect((await send(`${lame.issuer}/healthz`)).status).toBe(200);
    } finally {
      await lame.close();
    }
  });
});
