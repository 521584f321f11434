import { adminPassword, startClient, type TestClient } from '../support/start-client.js';
import type { Browser, Page } from '../support/browser.js';

describe('the language of a page', () => {
  let client: TestClient;
  let browser: Browser;

  beforeAll(async () => {
    client = await startClient();
  });
  beforeEach(() => {
    browser = client.browser();
  });
  afterAll(() => client.stop());

  const linkOf = (page: Page, path: string): string =>
    (new RegExp(`href="(${path}\\?[^"]+)"`).exec(page.body)?.[1] ?? '')
      .replaceAll('&amp;', '&')
      .replaceAll('&#x3D;', '=');

  it.each([
    ['de', 'de', 'Sie sind nicht angemeldet'],
    ['fr, de-AT;q=0.5', 'de', 'Sie sind nicht angemeldet'],
    ['fr', 'en', 'You’re not signed in'],
  ])('for Accept-Language "%s" is %s (RFC 9110 12.5.4)', async (header, language, heading) => {
    const page = await browser.request('GET', '/', { headers: { 'Accept-Language': header } });
    expect(page.body).toContain(`<html lang="${language}" dir="ltr">`);
    expect(page.body).toContain(heading);
  });

  it('is the one that was chosen by a link of the page, which is shown again', async () => {
    const link = linkOf(await browser.context('/login?next=/messages'), '/language');
    expect(link).toBe('/language?to=de&next=%2Flogin%3Fnext%3D%2Fmessages');
    const page = await browser.context(link);
    expect(page.url.pathname + page.url.search).toBe('/login?next=/messages');
    expect(page.body).toContain('<html lang="de"');
    expect(page.body).toContain('Mit Gatehouse anmelden');
    expect(linkOf(page, '/language')).toContain('to=en');
  });

  it('is not changed to one that does not exist, and the link leads to no other server', async () => {
    const page = await browser.context('/language?to=xx&next=https%3A%2F%2Felsewhere.example%2F');
    expect([page.url.href, browser.cookies.has('gatehouse_language')]).toEqual(['http://localhost:8000/', false]);
  });

  it('can be chosen on the response to a form, too: the link leads to the page of the form', async () => {
    await browser.context('/providers/unlock');
    const wrong = await browser.submit('/providers/unlock', { password: 'wrong' });
    expect([wrong.status, linkOf(wrong, '/language')]).toEqual([403, '/language?to=de&next=%2Fproviders%2Funlock']);
    expect(linkOf(wrong, '/theme')).toBe('/theme?to=light&next=%2Fproviders%2Funlock');
    const refused = await browser.submit('/refresh', {}, { Origin: 'https://elsewhere.example' });
    expect([refused.status, linkOf(refused, '/language')]).toEqual([403, '/language?to=de&next=%2F']);
  });

  it('does not repeat an authorization response', async () => {
    const page = await browser.context('/authorized?code=a-code&state=nonsense');
    expect(page.status).toBe(400);
    expect(linkOf(page, '/language')).toBe('/language?to=de&next=%2Flogin');
    expect(page.body).not.toContain('a-code');
  });

  it('is that of errors, notices and messages beside a field', async () => {
    browser.cookies.set('gatehouse_language', 'de');
    expect((await browser.context('/nowhere')).body).toContain('Seite nicht gefunden');
    await browser.context('/providers/unlock');
    expect((await browser.submit('/providers/unlock', { password: 'wrong' })).body).toContain(
      'Falsches Administratorpasswort.',
    );
    await browser.submit('/providers/unlock', { password: adminPassword });
    await browser.context('/providers/add');
    const page = await browser.submit('/providers/add', {
      issuer: 'http://127.0.0.1:1',
      name: 'Zweiter',
      public: 'yes',
    });
    expect(page.body).toContain('Geben Sie die Client-ID ein, die Sie vom Provider erhalten haben');
    expect(page.body).toContain('<title>Fehler: Provider hinzufügen');
    await browser.logIn(`/login/${client.providerId}`);
    expect((await browser.submit('/refresh')).body).toContain('Das Access-Token wurde erneuert.');
  });
});

describe('the color scheme of a page', () => {
  let client: TestClient;

  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.stop());

  it('is chosen by links, and follows the browser again', async () => {
    const browser = client.browser();
    expect((await browser.context('/')).body).not.toContain('data-theme="');
    const dark = await browser.context('/theme?to=dark&next=%2Flogin');
    expect([dark.url.pathname, /data-theme="(\w+)"/.exec(dark.body)?.[1]]).toEqual(['/login', 'dark']);
    expect(dark.body).toContain('<meta name="color-scheme" content="dark">');
    expect((await browser.context('/theme?to=auto')).body).not.toContain('data-theme="');
  });
});
