import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { Browser, send } from '../support/browser';
import { authorizationRequest, startProvider, type TestProvider } from '../support/provider';

describe('a local provider that is opened by another loopback name than its issuer', () => {
  let provider: TestProvider;
  let other: string;
  beforeAll(async () => {
    const port = await freePort();
    provider = await startProvider({
      env: { GATEHOUSE_PORT: String(port), GATEHOUSE_ISSUER: `http://localhost:${port}` },
    });
    other = `http://127.0.0.1:${port}`;
  });
  afterAll(() => provider.close());

  const page = { Accept: 'text/html,*/*;q=0.8' };

  it('leads to the page at the issuer, where the right password signs in', async () => {
    const user = await provider.addUser();
    const answer = await send(`${other}/login?next=%2Faccount`, { headers: page });
    expect(answer.status).toBe(302);
    expect(answer.location).toBe(`${provider.issuer}/login?next=%2Faccount&loopback_redirect=1`);
    const browser = new Browser();
    await browser.open(answer.location ?? '');
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toBe(`${provider.issuer}/account`);
  });

  it.each(['/', '/home', '/account/passkeys', '/user', '/sign-up', '/password/forgot', '/device'])(
    'leads from %s, signed in or not',
    async (path) => {
      const answer = await send(other + path, { headers: page });
      expect([answer.status, answer.location]).toEqual([302, `${provider.issuer}${path}?loopback_redirect=1`]);
    },
  );

  it('leads an authorization request there: its login would be lost with the cookies of the other name', async () => {
    const { client } = await provider.addClient();
    const { parameters } = authorizationRequest(client);
    const query = new URLSearchParams(parameters as Record<string, string>).toString();
    const answer = await send(`${other}/oauth/authorize?${query}`, { headers: page });
    expect(answer.status).toBe(302);
    const browser = new Browser();
    const login = await browser.open(answer.location ?? '');
    expect(login.status).toBe(200);
    expect(browser.address).toMatch(new RegExp(`^${provider.issuer}/login\\?request=`));
  });

  it('redirects once: a marked page is shown and names the right address', async () => {
    const answer = await send(`${other}/login?loopback_redirect=1`, { headers: page });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(`href="${provider.issuer}/login?loopback_redirect&#x3D;1"`);
    const own = await send(`${provider.issuer}/login?loopback_redirect=1`, { headers: page });
    expect([own.status, own.text.includes('opened this page at')]).toEqual([200, false]);
  });

  it.each([
    '/.well-known/openid-configuration',
    '/.well-known/jwks.json',
    '/healthz',
    '/oauth/userinfo',
    '/api/me',
    '/api/admin/v1/users',
    '/oauth/check-session',
    '/assets/page.js',
  ])('leaves %s alone', async (path) => {
    const answers = await Promise.all([other, provider.issuer].map((at) => send(at + path, { headers: page })));
    expect(answers[0]?.status).toBe(answers[1]?.status);
    expect(answers[0]?.status).not.toBe(302);
  });

  it('leaves forms, programs and other hosts alone', async () => {
    for (const headers of [{ Accept: '*/*' }, {}, { ...page, Host: 'gatehouse.example' }, { ...page, Host: '[::1]:1' }])
      expect((await send(`${other}/login`, { headers })).status).toBe(200);
    const form = { ...page, 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await send(`${other}/login`, { method: 'POST', headers: form, body: 'username=x' })).status).toBe(403);
  });

  it('never judges the Host header behind a proxy', async () => {
    const port = await freePort();
    const behind = await startProvider({
      env: {
        GATEHOUSE_PORT: String(port),
        GATEHOUSE_ISSUER: `http://localhost:${port}`,
        GATEHOUSE_TRUSTED_PROXIES: '127.0.0.0/8',
      },
    });
    try {
      expect((await send(`http://127.0.0.1:${port}/login`, { headers: page })).status).toBe(200);
    } finally {
      await behind.close();
    }
  });
});
