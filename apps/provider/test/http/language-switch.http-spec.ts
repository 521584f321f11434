import { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

describe('the language switch', () => {
  let provider: TestProvider;
  let browser: Browser;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } });
  });
  beforeEach(() => {
    browser = new Browser({ headers: { 'Accept-Language': 'fr, en' } });
  });
  afterAll(() => provider.close());

  const open = async (path: string): Promise<string> => (await browser.open(provider.base + path)).text;
  const language = (page: string): string | undefined => /<html lang="([^"]+)"/.exec(page)?.[1];
  const links = (page: string): string[] =>
    [...page.matchAll(/href="(\/language[^"]+)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&').replaceAll('&#x3D;', '='),
    );

  it('is on every page for users, returns to the page, and is remembered', async () => {
    for (const path of ['/login?next=%2Faccount', '/sign-up', '/password/forgot', '/nowhere']) {
      const english = await open(path);
      expect(language(english)).toBe('en');
      expect(links(english)).toHaveLength(1);
      const { searchParams } = new URL(links(english)[0] ?? '', provider.base);
      expect(searchParams.get('to')).toBe('de');
      expect(searchParams.get('next')?.split('?')[0]).toBe(path.split('?')[0]);
    }
    const page = await open('/login?next=%2Faccount');
    const german = await open(links(page)[0] ?? '');
    expect(language(german)).toBe('de');
    expect(german).toContain('name="password"');
    expect(language(await open('/sign-up'))).toBe('de');
    const [back] = links(await open('/sign-up'));
    expect(language(await open(back ?? ''))).toBe('en');
  });

  it('leads to the page of a form that was refused, with the request that it belongs to', async () => {
    await open('/sign-up');
    const answer = await browser.submit({ username: 'x', email: 'x', password: 'short' });
    expect(answer.status).toBe(422);
    expect(links(answer.text)).toEqual(['/language?to=de&next=%2Fsign-up']);
  });

  it.each([
    '/password/set?token=gone.secret',
    '/oauth/logout?id_token_hint=a.b.c',
    '/sign-up?x=1&invitation=gone.secret',
    '/sign-up?x=1&%69nvitatio%6E=gone.secret',
    '/oauth/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.test%2F',
    `/login?x=${'y'.repeat(2000)}`,
  ])('is not on pages whose address must not be repeated: %s', async (path) => {
    const answer = await fetch(provider.base + path, { redirect: 'manual', headers: { 'Accept-Language': 'en' } });
    const page = await answer.text();
    if (answer.status !== 303) expect(page).toContain('<html lang="en"');
    expect(links(page)).toEqual([]);
  });

  it('takes precedence over ui_locales and the browser', async () => {
    const { client } = await provider.addClient({ name: 'Notebook' });
    const address =
      `/oauth/authorize?client_id=${client.id}&response_type=code&scope=openid&ui_locales=de` +
      `&redirect_uri=${encodeURIComponent(client.redirectUris[0] ?? '')}` +
      '&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256';
    expect(language(await open(address))).toBe('de');
    await open('/language?to=en&next=%2Flogin');
    expect(language(await open(address))).toBe('en');
  });

  it.each([
    ['another origin', 'https://evil.test/'],
    ['another host', '//evil.test/'],
    ['a backslash', '/\\evil.test'],
    ['a tab', '/\t/evil.test'],
    ['nothing', ''],
  ])('does not redirect to %s', async (_name, next) => {
    const answer = await fetch(`${provider.base}/language?to=de&next=${encodeURIComponent(next)}`, {
      redirect: 'manual',
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/home']);
  });

  it.each(['fr', '__proto__', 'de;Path=/x', 'x'.repeat(5000), ''])('ignores the language %p', async (to) => {
    const answer = await fetch(`${provider.base}/language?to=${encodeURIComponent(to)}&next=%2Flogin`, {
      redirect: 'manual',
    });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([303, []]);
  });

  it.each(['fr', 'constructor', 'de%0d%0a', 'x'.repeat(3000)])('ignores a cookie with %p', async (value) => {
    const answer = await fetch(`${provider.base}/login`, { headers: { cookie: `gatehouse_language=${value}` } });
    expect([answer.status, language(await answer.text())]).toEqual([200, 'en']);
  });

  it('sets a cookie that scripts cannot read and that lasts a year', async () => {
    const answer = await fetch(`${provider.base}/language?to=DE&next=%2Flogin`, { redirect: 'manual' });
    expect(answer.headers.getSetCookie()).toEqual([
      'gatehouse_language=de; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax',
    ]);
  });

  it('translates what the checks of the domain say, which is in English for the API', async () => {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    await admin.open(`${provider.base}/language?to=de&next=%2Fissuer%2Fadd`);
    const refused = await admin.submit({ name: '', issuer: 'urn:x', clients: '', scope: 'gatehouse:admin' });
    expect(refused.status).toBe(422);
    for (const words of ['Geben Sie einen Namen ein.', 'gatehouse:admin gehört zu diesem Server selbst'])
      expect(refused.text).toContain(words);
    expect(refused.text).not.toContain('Enter a name.');
  });
});
