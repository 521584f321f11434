import { Browser, formOf, type Answer } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import type { Registered } from '../support/tokens';

/** "Continue to …" is only offered to the user who started the request: browsers are shared. */
describe('a request that waits in a browser', () => {
  let provider: TestProvider;
  let registered: Registered;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    registered = await provider.addClient({ name: 'Private matters' });
  });
  afterAll(() => provider.close());

  const offer = 'Continue to Private matters';
  const open = (browser: Browser, path: string): Promise<Answer> => browser.open(provider.issuer + path);

  /** Leaves a request behind at the page that it came to. */
  async function begin(browser: Browser) {
    const { parameters, proof } = authorizationRequest(registered.client);
    const page = await browser.open(authorizeUrl(provider, parameters));
    return { proof, page, address: browser.address };
  }
  async function signOut(browser: Browser): Promise<void> {
    await open(browser, '/logout');
    await browser.submit({ logout: 'yes' });
  }
  const shownIn = async (browser: Browser, path: string): Promise<boolean> =>
    (await open(browser, path)).text.includes(offer);

  it('is offered to a user who signs in shortly after it started without a session', async () => {
    const browser = new Browser();
    await begin(browser);
    expect(await shownIn(browser, '/login')).toBe(true);
    await provider.logIn(await provider.addUser(), browser);
    expect(await shownIn(browser, '/home')).toBe(true);
  });

  it('is not offered an hour later, and its own page still goes on', async () => {
    const browser = new Browser();
    const begun = await begin(browser);
    provider.clock.advance(3600);
    expect(await shownIn(browser, '/login')).toBe(false);
    const user = await provider.addUser();
    await provider.logIn(user, browser);
    expect(await shownIn(browser, '/home')).toBe(false);
    Object.assign(browser, { page: begun.page, address: begun.address });
    await browser.submit({ username: user.username, password: user.password });
    const answer = await browser.submit({ confirm: 'yes' });
    expect((await redeem(provider, registered, answerOf(answer).get('code') ?? '', begun.proof.verifier)).status).toBe(
      200,
    );
  });

  it('of a signed-in user is offered to that user, not without a session or to another user', async () => {
    const one = await provider.addUser();
    const browser = await provider.logIn(one);
    await begin(browser);
    expect(await shownIn(browser, '/home')).toBe(true);

    // The session is over without a sign-out: it expired, or an administrator ended it.
    browser.setCookie(provider.host, 'gatehouse_session', '');
    expect(await shownIn(browser, '/login')).toBe(false);
    await provider.logIn(await provider.addUser(), browser);
    expect(await shownIn(browser, '/home')).toBe(false);
    expect(await shownIn(browser, '/login')).toBe(false);

    browser.setCookie(provider.host, 'gatehouse_session', '');
    await provider.logIn(one, browser);
    expect(await shownIn(browser, '/home')).toBe(true);
  });

  it('belongs to the user who signed in for it', async () => {
    const browser = new Browser();
    const one = await provider.addUser();
    await begin(browser);
    await browser.submit({ username: one.username, password: one.password });
    expect(browser.address).toContain('/consent');
    browser.setCookie(provider.host, 'gatehouse_session', '');
    await provider.logIn(await provider.addUser(), browser);
    expect(await shownIn(browser, '/home')).toBe(false);
  });

  it('is not offered to anyone after a sign-out', async () => {
    const browser = new Browser();
    const one = await provider.addUser();
    await begin(browser);
    await provider.logIn(one, browser);
    await begin(browser);
    await signOut(browser);
    expect(await shownIn(browser, '/login')).toBe(false);
    await provider.logIn(one, browser);
    expect(await shownIn(browser, '/home')).toBe(false);
    await begin(browser);
    expect(await shownIn(browser, '/home')).toBe(true);
  });

  it('is not offered when another account signs in over the session, except what they signed in for', async () => {
    const browser = new Browser();
    await begin(browser);
    await provider.logIn(await provider.addUser(), browser);
    await provider.logIn(await provider.addUser(), browser);
    expect(await shownIn(browser, '/home')).toBe(false);
  });

  it.each([
    ['at the sign-in page', '/login', false],
    ['at home', '/home', true],
  ])('can be dismissed %s; its own page still goes on', async (_where, path, signedIn) => {
    const browser = new Browser();
    const user = await provider.addUser();
    const begun = await begin(browser);
    if (signedIn) await provider.logIn(user, browser);
    await open(browser, path);
    const page = await browser.submit({}, { action: '/login/dismiss' });
    expect(page.status).toBe(200);
    expect(new URL(browser.address).pathname).toBe(path);
    expect(page.text).not.toContain(offer);
    expect(await shownIn(browser, '/login')).toBe(false);
    Object.assign(browser, { page: begun.page, address: begun.address });
    await browser.submit({ username: user.username, password: user.password });
    expect(answerOf(await browser.submit({ confirm: 'yes' })).get('code')).toBeTruthy();
  });

  it('is not dismissed by a forged form', async () => {
    const browser = new Browser();
    await begin(browser);
    await open(browser, '/login');
    const forged = await browser.submit({}, { action: '/login/dismiss', headers: { Origin: 'https://evil.test' } });
    expect(forged.status).toBe(403);
    expect(forged.text).toContain(offer);
  });

  it('leaves the sign-in page with one button that submits', async () => {
    const browser = new Browser();
    await begin(browser);
    const page = await open(browser, '/login');
    expect(page.text.match(/<button[^>]*type="submit"/g)).toHaveLength(1);
    expect(formOf(page.text, '/login/dismiss').action).toBe('/login/dismiss');
  });
});
