import { Browser } from '../support/browser';
import { fieldsOf, sendFields } from '../support/forms';
import {
  authorizationRequest,
  authorize,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

describe('the account page', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const better = 'a better battery staple';

  async function changePassword(
    browser: Browser,
    current: string,
    next: string,
  ): Promise<{ status: number; text: string }> {
    await browser.open(at('/account'));
    const fields = fieldsOf(browser, '/account').filter(([name]) => name === 'csrf');
    return sendFields(
      browser,
      [...fields, ['currentPassword', current], ['newPassword', next], ['action', 'password']],
      '/account',
    );
  }

  it('redirects to the login without a session, and back', async () => {
    const user = await provider.addUser();
    const browser = new Browser();
    await browser.open(at('/account'));
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toBe(at('/account'));
  });

  it('changes the password if the current one is correct, and ends all other sessions', async () => {
    const user = await provider.addUser();
    const [here, elsewhere] = [await provider.logIn(user), await provider.logIn(user)];
    expect((await changePassword(here, user.password, better)).status).toBe(303);
    expect((await here.open(at('/account'))).status).toBe(200);
    expect(here.address).toBe(at('/account'));
    await elsewhere.open(at('/account'));
    expect(elsewhere.address).toContain('/login');
    await provider.logIn({ username: user.username, password: better });
    await expect(provider.logIn(user)).rejects.toThrow('401');
  });

  it('rejects a wrong current password and a short new one beside the field, and shows neither again', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const wrong = await changePassword(browser, 'not my password at all', better);
    expect(wrong.status).toBe(422);
    expect(wrong.text).toMatch(/id="f-currentPassword-problem">This is not your current password/);
    expect(wrong.text).not.toContain('not my password at all');
    expect(wrong.text).not.toContain(better);
    const short = await changePassword(browser, user.password, 'short');
    expect(short.status).toBe(422);
    expect(short.text).toMatch(/id="f-newPassword-problem">Use at least 15/);
    await provider.logIn(user);
  });

  it('asks for a login at most ten minutes old', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    await browser.open(at('/account'));
    const csrf = fieldsOf(browser, '/account').filter(([name]) => name === 'csrf');
    provider.clock.advance(601);
    const stale = await sendFields(
      browser,
      [...csrf, ['currentPassword', user.password], ['newPassword', better], ['action', 'password']],
      '/account',
    );
    expect(stale.status).toBe(303);
    await browser.open(stale.location ?? '');
    expect(browser.page?.text).toContain('name="password"');
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toBe(at('/account'));
    expect((await changePassword(browser, user.password, better)).status).toBe(303);
  });

  it('bounds guesses at the current password', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    for (let n = 0; n < 10; n++) expect((await changePassword(browser, `guess number ${n}`, better)).status).toBe(422);
    expect((await changePassword(browser, user.password, better)).status).toBe(429);
  });

  it('ends one session, and all others', async () => {
    const user = await provider.addUser();
    const stranger = await provider.logIn(await provider.addUser());
    const [here, second, third] = [await provider.logIn(user), await provider.logIn(user), await provider.logIn(user)];
    const page = await here.open(at('/account'));
    const sessions = [...page.text.matchAll(/name="session" value="([^"]+)"/g)].map(([, id]) => id ?? '');
    expect(sessions).toHaveLength(2);

    await stranger.open(at('/account'));
    await sendFields(
      stranger,
      [...csrfOf(stranger), ['session', sessions[0] ?? ''], ['action', 'end-session']],
      '/account',
    );
    expect((await here.open(at('/account'))).text.match(/name="session"/g)).toHaveLength(2);

    await sendFields(here, [...csrfOf(here), ['session', sessions[0] ?? ''], ['action', 'end-session']], '/account');
    expect((await here.open(at('/account'))).text.match(/name="session"/g)).toHaveLength(1);
    await sendFields(here, [...csrfOf(here), ['action', 'end-other-sessions']], '/account');
    for (const ended of [second, third]) {
      await ended.open(at('/home'));
      expect(ended.address).toContain('/login');
    }
    expect((await here.open(at('/home'))).status).toBe(200);
    expect(here.address).toBe(at('/home'));
  });

  it('shows connected applications and what each may do, and withdraws one with its tokens', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const registered = await provider.addClient({ name: 'Photo printer' });
    const { code, verifier } = await authorize(provider, browser, registered.client, { scope: 'openid email' });
    const token = (await redeem(provider, registered, code, verifier)).json<{ access_token: string }>().access_token;

    const page = await browser.open(at('/account'));
    expect(page.text).toContain('Photo printer');
    expect(page.text).toContain('See your e-mail address');
    expect(page.text).toContain('last used');
    const answer = await sendFields(
      browser,
      [...csrfOf(browser), ['client', registered.client.id], ['action', 'withdraw']],
      '/account',
    );
    expect(answer.status).toBe(303);
    expect((await browser.open(at('/account'))).text).not.toContain('Photo printer');
    expect((await browser.send(at('/api/me'), { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401);
    // It asks again.
    const { parameters } = authorizationRequest(registered.client, { scope: 'openid email' });
    await browser.open(authorizeUrl(provider, parameters));
    expect(browser.address).toContain('/consent');
  });

  it('changes nothing without the token of the form', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const other = await provider.logIn(user);
    await browser.open(at('/account'));
    const answer = await sendFields(
      browser,
      [
        ['csrf', 'x'],
        ['action', 'end-other-sessions'],
      ],
      '/account',
    );
    expect(answer.status).toBe(403);
    await other.open(at('/home'));
    expect(other.address).toBe(at('/home'));
  });

  function csrfOf(browser: Browser): [string, string][] {
    return fieldsOf(browser, '/account').filter(([name]) => name === 'csrf');
  }

  it('opens an application where that said how a login is begun (OpenID Connect Core 4)', async () => {
    const person = await provider.addUser();
    const browser = await provider.logIn(person);
    const { client } = await provider.addClient({ initiateLoginUri: 'https://client.test/begin?from=here' });
    await authorize(provider, browser, client);
    const { client: silent } = await provider.addClient({ name: 'Says nothing' });
    await authorize(provider, browser, silent);
    const page = await browser.open(`${provider.issuer}/account`);
    const links = [...page.text.matchAll(/href="(https:\/\/client\.test[^"]*)"/g)].map(([, href]) =>
      (href ?? '').replaceAll('&amp;', '&').replaceAll('&#x3D;', '='),
    );
    expect(links).toEqual([`https://client.test/begin?from=here&iss=${encodeURIComponent(provider.issuer)}`]);
  });
});
