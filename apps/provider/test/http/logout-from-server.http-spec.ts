import type { ClientDraft } from '@gatehouse/domain/oauth';
import { CacheVersions } from '../../src/database/cache-versions.service';
import { Browser, send } from '../support/browser';
import { startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { claimsOf, isActive, obtainTokens } from '../support/tokens';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateSettings } from '../../src/settings/administration/operations/update-settings';

const sessionLifetime = 7200;

describe("a logout requested by a client's server, without a browser", () => {
  let provider: TestProvider;
  let receiver: LogoutReceiver;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8', GATEHOUSE_SESSION_LIFETIME: String(sessionLifetime) },
    });
    receiver = await startLogoutReceiver();
  });
  afterAll(async () => {
    await provider.close();
    await receiver.close();
  });

  const signedIn = async (draft: Partial<ClientDraft> = {}) => {
    const registered = await provider.addClient({
      consentRequired: false,
      postLogoutRedirectUris: ['https://client.test/bye'],
      ...draft,
    });
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const tokens = await obtainTokens(provider, browser, registered);
    const idToken = tokens.id_token ?? '';
    return { registered, user, browser, idToken, accessToken: tokens.access_token, sid: claimsOf(idToken)['sid'] };
  };
  const isLoggedIn = async (browser: Browser) => (await browser.send(`${provider.issuer}/home`)).status === 200;
  const call = (parameters: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    send(`${provider.issuer}/oauth/logout?${new URLSearchParams(parameters).toString()}`, { headers });

  it('ends the session of a valid id_token_hint, with what belongs to it, and answers without a redirect', async () => {
    const { registered, user, browser, idToken, accessToken, sid } = await signedIn({
      backchannelLogoutUri: `${receiver.origin}/from-server`,
    });
    const elsewhere = await provider.logIn(user);
    const answer = await call({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/bye' });
    expect([answer.status, answer.location, answer.json()]).toEqual([200, undefined, { session_ended: true }]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(await isLoggedIn(browser)).toBe(false);
    expect(await isLoggedIn(elsewhere)).toBe(true);
    expect(await isActive(provider, registered, accessToken)).toBe(false);
    const [notified] = await receiver.arrived(1, '/from-server');
    expect(notified?.claims).toMatchObject({ sid, sub: user.id, aud: registered.client.id });
    const events = await provider.store.reader.query<Record<string, unknown>[]>(
      `SELECT type, actor_id, client_id, details FROM audit_events WHERE subject_id = '${String(sid)}' AND type = 'logout'`,
    );
    expect(events).toEqual([
      {
        type: 'logout',
        actor_id: null,
        client_id: registered.client.id,
        details: JSON.stringify({ user: user.id, from: 'server' }),
      },
    ]);
    expect((await call({ id_token_hint: idToken })).json()).toEqual({ session_ended: false });
  });

  it('takes a POST, which redirects to a GET of the same', async () => {
    const { browser, idToken } = await signedIn();
    const answer = await send(`${provider.issuer}/oauth/logout`, {
      method: 'POST',
      body: new URLSearchParams({ id_token_hint: idToken }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(303);
    expect((await send(answer.location ?? '')).json()).toEqual({ session_ended: true });
    expect(await isLoggedIn(browser)).toBe(false);
  });

  it('knows the session of a pairwise subject', async () => {
    const { browser, idToken, user } = await signedIn({ subjectType: 'pairwise' });
    expect(claimsOf(idToken)['sub']).not.toBe(user.id);
    expect((await call({ id_token_hint: idToken })).json()).toEqual({ session_ended: true });
    expect(await isLoggedIn(browser)).toBe(false);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['Sec-Fetch-Site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['Sec-Fetch-Mode', { 'Sec-Fetch-Mode': 'no-cors' }],
    ['a header of Fetch Metadata that comes later', { 'Sec-Fetch-Storage-Access': 'none' }],
    ['a cookie', { Cookie: 'gatehouse_browser=x' }],
    ['an Origin', { Origin: 'https://evil.test' }],
    ['the Accept header of a browser', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }],
  ])('ends nothing where the request has %s: that is a browser', async (_name, headers) => {
    const { browser, idToken } = await signedIn();
    const answer = await call({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/bye' }, headers);
    expect([answer.status, answer.location]).toEqual([200, undefined]);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(await isLoggedIn(browser)).toBe(true);
  });

  it.each<[string, (of: Awaited<ReturnType<typeof signedIn>>) => Record<string, string>]>([
    ['without a hint', ({ registered }) => ({ client_id: registered.client.id })],
    ['whose hint has another signature', ({ idToken }) => ({ id_token_hint: `${idToken.slice(0, -6)}AAAAAA` })],
    ['with an access token as hint', ({ accessToken }) => ({ id_token_hint: accessToken })],
  ])('ends nothing for a request %s', async (_name, parameters) => {
    const one = await signedIn();
    const answer = await call(parameters(one));
    expect(answer.headers['content-type']).toContain('text/html');
    expect(await isLoggedIn(one.browser)).toBe(true);
  });

  it.each<[string, Partial<ClientDraft>]>([
    ['that no administrator approved', { source: 'registration' }],
    [
      'whose ID tokens are signed by its own secret, which could have written them',
      { idTokenSignedResponseAlg: 'HS256' },
    ],
  ])('ends nothing for a client %s', async (_name, draft) => {
    const { browser, idToken } = await signedIn(draft);
    const answer = await call({ id_token_hint: idToken });
    expect(answer.headers['content-type']).toContain('text/html');
    expect(await isLoggedIn(browser)).toBe(true);
  });

  it('ends nothing for a client that was disabled', async () => {
    const { browser, idToken, registered } = await signedIn();
    await provider.execute(SetClientState, { id: registered.client.id, decision: 'disable' });
    await provider.app.get(CacheVersions).refresh();
    const answer = await call({ id_token_hint: idToken });
    expect(answer.headers['content-type']).toContain('text/html');
    expect(await isLoggedIn(browser)).toBe(true);
  });

  it('ends nothing for a client_id that is not the audience', async () => {
    const { browser, idToken } = await signedIn();
    const other = await provider.addClient();
    expect((await call({ id_token_hint: idToken, client_id: other.client.id })).status).toBe(400);
    expect(await isLoggedIn(browser)).toBe(true);
  });

  it('ends nothing for a hint that was issued longer than a session lives ago, although the session was renewed', async () => {
    const { browser, idToken, user, registered, sid } = await signedIn();
    provider.clock.advance(sessionLifetime - 60);
    const { parameters } = authorizationRequest(registered.client, { prompt: 'login' });
    await browser.open(authorizeUrl(provider, parameters));
    await browser.submit({ username: user.username, password: user.password });
    provider.clock.advance(60);
    const renewed = (await obtainTokens(provider, browser, registered)).id_token ?? '';
    expect(claimsOf(renewed)['sid']).toBe(sid);
    expect((await call({ id_token_hint: idToken })).headers['content-type']).toContain('text/html');
    expect(await isLoggedIn(browser)).toBe(true);
    expect((await call({ id_token_hint: renewed })).json()).toEqual({ session_ended: true });
    expect(await isLoggedIn(browser)).toBe(false);
  });

  it('ends a session that began before its lifetime was shortened, as long as the session lives', async () => {
    const { browser, idToken } = await signedIn();
    await provider.execute(UpdateSettings, { changes: { session_lifetime: '300' } });
    provider.clock.advance(600);
    expect(await isLoggedIn(browser)).toBe(true);
    expect((await call({ id_token_hint: idToken })).json()).toEqual({ session_ended: true });
    expect(await isLoggedIn(browser)).toBe(false);
    await provider.execute(UpdateSettings, { changes: { session_lifetime: null } });
  });

  it('rejects a post_logout_redirect_uri that is not registered, and ends nothing', async () => {
    const { browser, idToken } = await signedIn();
    const answer = await call({ id_token_hint: idToken, post_logout_redirect_uri: 'https://client.test/other' });
    expect([answer.status, answer.json()]).toEqual([
      400,
      {
        error: 'invalid_request',
        error_description: 'post_logout_redirect_uri is not registered for this client. The session was not ended.',
      },
    ]);
    expect(await isLoggedIn(browser)).toBe(true);
  });
});
