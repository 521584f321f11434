import { Browser, send, type Answer } from '../support/browser';
import {
  authorizationRequest,
  authorize,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

describe('security headers', () => {
  let provider: TestProvider;
  let admin: Browser;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } });
    admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  function expectPage(answer: Answer): void {
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['referrer-policy']).toBe('same-origin');
    expect(answer.headers['x-frame-options']).toBe('DENY');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('etag');
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain('form-action ');
    expect(policy).not.toMatch(/unsafe|\*/);
    // Nothing inline: the policy would block it.
    expect(answer.text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle="|\son[a-z]+="/i);
  }

  it.each([
    '/home',
    '/account',
    '/account/factors',
    '/account/factors/app',
    '/account/passkeys',
    '/client',
    '/client/add',
    '/user',
    '/user/add',
    '/user/roles',
    '/settings/branding',
    '/settings/sign-in',
    '/token',
    '/grant',
    '/logout',
    '/nowhere',
  ])('%s, logged in', async (path) => {
    expectPage(await admin.open(provider.issuer + path));
  });

  it.each([
    '/login',
    '/login/factor',
    '/sign-up',
    '/logout',
    '/nowhere',
    '/password/set?token=x',
    '/oauth/authorize',
    '/oauth/authorize/x',
    '/consent',
    '/oauth/logout',
  ])('%s, as a stranger', async (path) => {
    const answer = await new Browser().open(provider.issuer + path);
    expectPage(answer);
    expect(String(answer.headers['content-security-policy'])).toContain("form-action 'self'");
  });

  describe("form-action on pages of a request names our own origin and the scheme of the client's address, never its origin", () => {
    it.each([
      ['https://client.test/callback', ['https:']],
      ['http://127.0.0.1:4000/callback', ['http:']],
      ['com.example.app:/callback', ['com.example.app:']],
    ])('%s', async (redirectUri, schemes) => {
      const { client } = await provider.addClient({ redirectUris: [redirectUri], applicationType: 'native' });
      const browser = new Browser();
      const user = await provider.addUser();
      const directive = (answer: Answer) =>
        / form-action ([^;]*)/.exec(String(answer.headers['content-security-policy']))?.[1]?.split(' ') ?? [];
      const login = await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
      const wrong = await browser.submit({ username: user.username, password: 'x' });
      const consent = await browser.submit({ username: user.username, password: user.password });
      expect(browser.address).toContain('/consent');
      for (const page of [login, wrong, consent]) {
        expectPage(page);
        expect(directive(page)).toEqual(expect.arrayContaining(["'self'", ...schemes]));
        for (const source of directive(page)) expect(source).toMatch(/^('self'|[a-z][a-z0-9+.-]*:)$/);
      }
    });
  });

  it.each([
    '/.well-known/openid-configuration',
    '/.well-known/jwks.json',
    '/healthz',
    '/readyz',
    '/api/me',
    '/oauth/userinfo',
  ])('%s is nosniff and names no software', async (path) => {
    const answer = await send(provider.issuer + path);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });

  describe('what is not a page has a policy of its own: opened by itself, it loads nothing and is in no frame', () => {
    const policy = "default-src 'none'; frame-ancestors 'none'";

    it.each([
      ['metadata', 'GET', '/.well-known/openid-configuration', 200],
      ['keys', 'GET', '/.well-known/jwks.json', 200],
      ['health', 'GET', '/healthz', 200],
      ['a refused token request', 'POST', '/oauth/token', 401],
      ['a refused introspection', 'POST', '/oauth/introspect', 401],
      ['a refused pushed request', 'POST', '/oauth/par', 401],
      ['the administration API without a token', 'GET', '/api/admin/v1/users', 401],
      ['the description of the administration API', 'GET', '/api/admin/v1/openapi.json', 200],
      ['an address that there is not, as JSON', 'POST', '/oauth/nowhere', 404],
    ])('%s', async (_name, method, path, status) => {
      const body = method === 'POST' ? { body: 'a=b' } : {};
      const headers = { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' };
      const answer = await send(provider.issuer + path, { method, headers, ...body });
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toContain('json');
      expect(answer.headers['content-security-policy']).toBe(policy);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    });

    it('tokens and what they open, answered before the router', async () => {
      const registered = await provider.addClient();
      const { code, verifier } = await authorize(provider, admin, registered.client);
      const tokens = await redeem(provider, registered, code, verifier);
      expect(tokens.status).toBe(200);
      expect(tokens.headers['content-security-policy']).toBe(policy);
      const { access_token } = tokens.json<{ access_token: string }>();
      const me = await send(`${provider.issuer}/api/me`, { headers: { Authorization: `Bearer ${access_token}` } });
      expect(me.status).toBe(200);
      expect(me.headers['content-security-policy']).toBe(policy);
    });

    it('a downloaded audit log', async () => {
      const answer = await admin.open(`${provider.issuer}/audit/export`);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-security-policy']).toBe(policy);
    });

    it('style sheets and scripts; an SVG picture is sandboxed, and keeps the styles that are in it', async () => {
      const page = await send(`${provider.issuer}/login`);
      const paths = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
      for (const ending of ['.css', '.js', '.svg']) expect(paths.some((path) => path.endsWith(ending))).toBe(true);
      for (const path of paths) {
        const answer = await send(provider.issuer + path);
        expect(answer.headers['content-security-policy']).toBe(
          path.endsWith('.svg')
            ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
            : policy,
        );
      }
    });
  });

  it('style sheet, script and logo are there, named by their content and cached for good', async () => {
    const page = await send(`${provider.issuer}/login`);
    const paths = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThanOrEqual(3);
    for (const path of paths) {
      const answer = await send(provider.issuer + path);
      expect(answer.status).toBe(200);
      expect(String(answer.headers['cache-control'])).toMatch(/max-age=\d{6,}/);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });
});

describe('cookies', () => {
  const linesOf = (answer: Answer): string[] => answer.headers['set-cookie'] ?? [];

  async function all(provider: TestProvider): Promise<Map<string, string[]>> {
    const user = await provider.addUser();
    const browser = new Browser();
    const first = await browser.open(`${provider.base}/login`);
    const url = `${provider.base}/login`;
    const csrf = /name="csrf" value="([^"]+)"/.exec(first.text)?.[1] ?? '';
    const second = await browser.send(url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, username: user.username, password: user.password }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
    });
    expect(second.status).toBe(303);
    return new Map(
      [...linesOf(first), ...linesOf(second)].map((line) => {
        const [pair = '', ...attributes] = line.split('; ');
        return [pair.slice(0, pair.indexOf('=')), attributes];
      }),
    );
  }

  it('on http of the loopback: plain names, HttpOnly, SameSite=Lax, for this host alone', async () => {
    const provider = await startProvider();
    try {
      const cookies = await all(provider);
      expect([...cookies.keys()].sort()).toEqual(['gatehouse_browser', 'gatehouse_device', 'gatehouse_session']);
      for (const attributes of cookies.values()) {
        expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'SameSite=Lax']));
        expect(attributes.join()).not.toMatch(/Domain|Secure/);
      }
    } finally {
      await provider.close();
    }
  });

  it('with an https issuer: __Host- names, Secure, and HSTS on every answer', async () => {
    const provider = await startProvider({ env: { GATEHOUSE_ISSUER: 'https://id.example.com' } });
    try {
      const cookies = await all(provider);
      expect([...cookies.keys()].sort()).toEqual([
        '__Host-gatehouse_browser',
        '__Host-gatehouse_browser_state',
        '__Host-gatehouse_device',
        '__Host-gatehouse_session',
      ]);
      for (const [name, attributes] of cookies) {
        // Frames of other sites' pages and a script read that one: it has no authority.
        const own = name === '__Host-gatehouse_browser_state' ? ['SameSite=None'] : ['HttpOnly', 'SameSite=Lax'];
        expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'Secure', ...own]));
        expect(attributes.join()).not.toContain('Domain');
      }
      for (const path of ['/login', '/healthz', '/nowhere'])
        expect(String((await send(provider.base + path)).headers['strict-transport-security'])).toMatch(
          /^max-age=\d{7,}/,
        );
    } finally {
      await provider.close();
    }
  });

  it.each([
    ['host', 'max-age=31536000'],
    ['subdomains', 'max-age=31536000; includeSubDomains'],
    ['preload', 'max-age=31536000; includeSubDomains; preload'],
  ])('GATEHOUSE_HSTS=%s sends %s (RFC 6797 6.1)', async (value, header) => {
    const provider = await startProvider({
      env: { GATEHOUSE_ISSUER: 'https://id.example.com', GATEHOUSE_HSTS: value },
    });
    try {
      for (const path of ['/login', '/healthz', '/.well-known/openid-configuration', '/nowhere'])
        expect((await send(provider.base + path)).headers['strict-transport-security']).toBe(header);
      const stylesheet = /href="(\/assets\/[^"]+\.css)"/.exec((await send(`${provider.base}/login`)).text)?.[1];
      expect((await send(provider.base + String(stylesheet))).headers['strict-transport-security']).toBe(header);
    } finally {
      await provider.close();
    }
  });

  it('no HSTS without https, whatever the setting says (RFC 6797 7.2)', async () => {
    const provider = await startProvider({ env: { GATEHOUSE_HSTS: 'preload' } });
    try {
      expect((await send(`${provider.base}/login`)).headers).not.toHaveProperty('strict-transport-security');
    } finally {
      await provider.close();
    }
  });

  it('the issuer decides links, never the Host header', async () => {
    const provider = await startProvider({ env: { GATEHOUSE_ISSUER: 'https://id.example.com' } });
    try {
      const headers = {
        Host: 'evil.test',
        'X-Forwarded-Host': 'evil.test',
        'X-Forwarded-Proto': 'http',
        Forwarded: 'host=evil.test',
      };
      for (const path of ['/.well-known/openid-configuration', '/login', '/', '/home', '/client']) {
        const answer = await send(provider.base + path, { headers });
        expect(`${answer.text}${JSON.stringify(answer.headers)}`).not.toContain('evil.test');
      }
      const metadata = (await send(`${provider.base}/.well-known/openid-configuration`, { headers })).json<
        Record<string, string>
      >();
      expect(metadata['token_endpoint']).toBe('https://id.example.com/oauth/token');
    } finally {
      await provider.close();
    }
  });
});
