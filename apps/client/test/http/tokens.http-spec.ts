import { SessionsService } from '../../src/session/sessions.service.js';
import { startClient, type TestClient } from '../support/start-client.js';
import type { Browser } from '../support/browser.js';

describe('the tokens of a login', () => {
  let client: TestClient;
  let browser: Browser;

  beforeEach(async () => {
    client = await startClient();
    browser = client.browser();
    await browser.logIn(`/login/${client.providerId}`);
  });
  afterEach(() => client.stop());

  it('calls the API with the access token and shows the answer', async () => {
    const page = await browser.submit('/call-api');
    expect(page.url.pathname).toBe('/');
    expect(page.body).toContain('The API answered 200');
    expect(page.body).toContain('&quot;username&quot;: &quot;alice&quot;');
  });

  it('refreshes by itself when the access token has expired', async () => {
    client.clock.advance(301);
    expect((await browser.context('/')).body).toContain('Expired');
    const page = await browser.submit('/call-api');
    expect(page.body).toContain('The API answered 200');
    expect(client.provider.refreshes).toBe(1);
    expect(page.body).not.toContain('Expired');
  });

  it('refreshes once when the API refuses the token', async () => {
    client.provider.revokeAccessTokens();
    const page = await browser.submit('/call-api');
    expect(page.body).toContain('The API answered 200');
    expect(client.provider.refreshes).toBe(1);
  });

  it('spends a refresh token once when several calls come together', async () => {
    client.clock.advance(301);
    const form = { csrf: browser.csrf };
    await Promise.all(Array.from({ length: 8 }, () => browser.request('POST', '/call-api', { form })));
    expect(client.provider.refreshes).toBe(1);
    expect((await browser.context('/')).body).toContain('The API answered 200');
  });

  it('refreshes by the button, again and again', async () => {
    for (let count = 1; count <= 3; count++) {
      expect((await browser.submit('/refresh')).body).toContain('The access token was refreshed');
      expect(client.provider.refreshes).toBe(count);
    }
  });

  it.each(['same', 'none'] as const)(
    'keeps its refresh token when the provider does not rotate it (RFC 6749 6): the response has %s',
    async (refreshAnswers) => {
      client.provider.behaviour.refreshAnswers = refreshAnswers;
      for (let count = 1; count <= 3; count++) {
        expect((await browser.submit('/refresh')).body).toContain('The access token was refreshed');
        expect(client.provider.refreshes).toBe(count);
      }
    },
  );

  it('says that the login is over when the provider does not refresh it, and offers to log in again', async () => {
    client.provider.behaviour.refreshFailure = { status: 400, body: { error: 'invalid_grant' } };
    client.clock.advance(301);
    const page = await browser.submit('/call-api');
    expect(page.status).toBe(200);
    expect(page.body).toContain('refresh.over');
    expect(page.body).toContain('Sign in again');
    client.provider.behaviour.refreshFailure = undefined;
    expect((await browser.logIn(`/login/${client.providerId}`)).body).not.toContain('refresh.over');
    expect((await browser.submit('/call-api')).body).toContain('The API answered 200');
  });

  it('keeps the refresh token when the provider is only away', async () => {
    client.provider.behaviour.refreshFailure = { status: 503, body: {} };
    expect((await browser.submit('/refresh')).body).toContain('provider.unreachable');
    client.provider.behaviour.away = true;
    expect((await browser.submit('/refresh')).body).toContain('provider.unreachable');
    expect((await browser.submit('/call-api')).body).toContain('provider.unreachable');
    Object.assign(client.provider.behaviour, { refreshFailure: undefined, away: false });
    expect((await browser.submit('/refresh')).body).toContain('was refreshed');
  });

  it('keeps refreshed tokens though every other change comes first', async () => {
    const sessions = client.app.get(SessionsService);
    const change = sessions.change.bind(sessions);
    let lost = 0;
    // Somebody else is faster, each time.
    jest.spyOn(sessions, 'change').mockImplementation(async (unit, session, content) => {
      if (lost++ < 5) await change(unit, session, { ...session.content, notice: undefined });
      return change(unit, session, content);
    });
    expect((await browser.submit('/refresh')).body).toContain('was refreshed');
    expect(lost).toBeGreaterThan(5);
    expect((await browser.submit('/refresh')).body).toContain('was refreshed');
    expect(client.provider.refreshes).toBe(2);
  });

  it.each(['/refresh', '/call-api'])('says so when the login ends during a refresh: %s', async (action) => {
    client.clock.advance(301);
    client.provider.behaviour.duringRefresh = async () => {
      await client.store.run((unit) => unit.manager.query('DELETE FROM sessions'));
    };
    const page = await browser.submit(action);
    expect(page.status).toBe(409);
    expect(page.body).toContain('login.ended');
    expect(page.body).toContain('Try again with Gatehouse');
    expect((await browser.context('/')).body).toContain('You’re not signed in');
  });

  it('does not take the tokens of another person', async () => {
    client.provider.behaviour.idTokenOverride = { sub: 'user-2' };
    const page = await browser.submit('/refresh');
    expect(page.body).toContain('provider.invalid_answer');
    expect(page.body).toContain('Signed in as alice');
  });

  it('says so when there is no refresh token', async () => {
    client.provider.behaviour.issueRefreshToken = false;
    await browser.logIn(`/login/${client.providerId}`);
    client.clock.advance(301);
    expect((await browser.submit('/call-api')).body).toContain('refresh.none');
  });

  it.each(['/call-api', '/refresh', '/logout'])(
    'refuses a form without its token or from elsewhere: %s',
    async (action) => {
      const withoutToken = await browser.request('POST', action, { form: {} });
      expect(withoutToken.status).toBe(403);
      expect(withoutToken.body).toContain('name="csrf"');
      const foreign = await browser.request('POST', action, {
        form: { csrf: browser.csrf },
        headers: { Origin: 'https://evil.example' },
      });
      expect(foreign.status).toBe(403);
      const opaque = await browser.request('POST', action, {
        form: { csrf: browser.csrf },
        headers: { Origin: 'null' },
      });
      expect(opaque.status).toBe(403);
      expect(client.provider.refreshes).toBe(0);
      expect((await browser.context('/')).body).toContain('Signed in as alice');
    },
  );

  it('refuses the form token of another browser', async () => {
    const other = client.browser();
    await other.logIn(`/login/${client.providerId}`);
    expect((await browser.request('POST', '/refresh', { form: { csrf: other.csrf } })).status).toBe(403);
  });

  it('answers 413 to a form that is too large', async () => {
    const page = await browser.request('POST', '/refresh', { form: { csrf: browser.csrf, more: 'x'.repeat(70_000) } });
    expect(page.status).toBe(413);
  });
});
