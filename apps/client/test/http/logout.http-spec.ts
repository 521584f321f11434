import { base, startClient, type TestClient } from '../support/start-client.js';
import type { Browser } from '../support/browser.js';

describe('logging out', () => {
  let client: TestClient;
  let browser: Browser;

  beforeEach(async () => {
    client = await startClient();
    browser = client.browser();
    await browser.logIn(`/login/${client.providerId}`);
  });
  afterEach(() => client.stop());

  it('asks first when it is a GET', async () => {
    const page = await browser.context('/logout');
    expect(page.body).toContain('Sign out of this application');
    expect((await browser.context('/')).body).toContain('Signed in as alice');
  });

  it('ends the session here', async () => {
    const cookie = browser.cookies.get('gatehouse_client_session') ?? '';
    const page = await browser.submit('/logout', { where: 'here' });
    expect(page.body).toContain('You’re not signed in');
    expect(browser.cookies.has('gatehouse_client_session')).toBe(false);
    browser.cookies.set('gatehouse_client_session', cookie);
    expect((await browser.context('/')).body).toContain('You’re not signed in');
    expect(client.provider.requests).not.toContain('GET /end-session');
  });

  it('ends the session here and sends the browser to the provider', async () => {
    const answer = await browser.request('POST', '/logout', { form: { csrf: browser.csrf, where: 'provider' } });
    expect(answer.status).toBe(303);
    const location = new URL(answer.headers.location ?? '');
    expect(location.origin + location.pathname).toBe(`${client.provider.issuer}/end-session`);
    expect(location.searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    expect(location.searchParams.get('client_id')).toBe(client.provider.clientId);
    expect(location.searchParams.get('post_logout_redirect_uri')).toBe(`${base}/`);
    expect((await browser.context('/')).body).toContain('You’re not signed in');
  });

  describe('at the provider sends a state (OpenID Connect RP-Initiated Logout 1.0, 2)', () => {
    const confirmation = 'You’re signed out of this application and of Gatehouse';

    it('confirms the logout when the browser comes back with it', async () => {
      const page = await browser.submit('/logout', { where: 'provider' });
      expect(client.provider.requests).toContain('GET /end-session');
      expect(client.provider.lastLogout?.get('state')).toMatch(/^\S{40,}$/);
      // The state does not stay in the address.
      expect([page.status, page.url.href]).toEqual([200, `${base}/`]);
      expect(page.body).toContain(confirmation);
      expect(page.body).toContain('Sign in with Gatehouse');
      expect((await browser.context('/')).body).not.toContain(confirmation);
    });

    it('shows the plain page without it, with another one, in another browser, and after an hour', async () => {
      await browser.submit('/logout', { where: 'provider' });
      const state = client.provider.lastLogout?.get('state') ?? '';
      expect(state).not.toBe('');
      const plain = async (who: Browser, address: string): Promise<void> => {
        const page = await who.context(address);
        expect([page.status, page.body.includes(confirmation)]).toEqual([200, false]);
        expect(page.body).toContain('Sign in with Gatehouse');
      };
      for (const query of ['', '?state=', '?state=x', '?state=a.b', `?state=${'x'.repeat(3000)}`, `?state=${state}A`])
        await plain(browser, `/${query}`);
      await plain(client.browser(), `/?state=${state}`);
      client.clock.advance(3599);
      expect((await browser.context(`/?state=${state}`)).body).toContain(confirmation);
      client.clock.advance(1);
      await plain(browser, `/?state=${state}`);
    });

    it('says nothing of it to somebody who is logged in again', async () => {
      await browser.submit('/logout', { where: 'provider' });
      const state = client.provider.lastLogout?.get('state') ?? '';
      await browser.logIn(`/login/${client.providerId}`);
      const page = await browser.context(`/?state=${state}`);
      expect(page.body).toContain('Signed in as alice');
      expect(page.body).not.toContain(confirmation);
    });
  });

  it('ends the session here when the provider is away, and says so', async () => {
    client.clock.advance(700);
    client.provider.behaviour.away = true;
    await browser.context('/');
    const page = await browser.submit('/logout', { where: 'provider' });
    expect(page.status).toBe(502);
    expect(page.body).toContain('Signed out here');
    expect((await browser.context('/')).body).toContain('You’re not signed in');
  });

  it('lets the form lead to the scheme of the provider', async () => {
    const page = await browser.context('/logout');
    expect(page.headers['content-security-policy']).toContain("form-action 'self' http:");
  });

  it('goes home when nobody is logged in', async () => {
    await browser.submit('/logout', { where: 'here' });
    expect((await browser.context('/logout')).url.pathname).toBe('/');
  });
});
