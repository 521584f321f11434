import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { decodeJwt } from 'jose';
import { unescape, type Answer, type Browser } from '../support/browser';
import { authorize, redeem, startProvider, type TestProvider } from '../support/provider';

const switchOff = statement('test.switch_off', 'UPDATE clients SET disabled_at = $1 WHERE id = $2');

describe('front-channel logout (OpenID Connect Front-Channel Logout 1.0)', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const addClient = (host: string, more: Partial<ClientDraft> = {}): Promise<{ client: Client; secret: string }> =>
    provider.addClient({
      name: host,
      redirectUris: [`https://${host}/callback`],
      postLogoutRedirectUris: [`https://${host}/bye`],
      frontchannelLogoutUri: `https://${host}/out?a=b`,
      frontchannelLogoutSessionRequired: true,
      consentRequired: false,
      ...more,
    });

  async function use(browser: Browser, registered: { client: Client; secret: string }): Promise<string> {
    const { code, verifier } = await authorize(provider, browser, registered.client);
    return (await redeem(provider, registered, code, verifier)).json<{ id_token: string }>().id_token;
  }

  const framesOf = (page: Answer): string[] =>
    [...page.text.matchAll(/<iframe src="([^"]*)"/g)].map(([, src]) => unescape(src ?? ''));

  const endSession = (browser: Browser, parameters: Record<string, string>): Promise<Answer> =>
    browser.open(`${provider.base}/oauth/logout?${new URLSearchParams(parameters).toString()}`);

  it('is offered in the metadata', async () => {
    const { openidConfiguration } = { openidConfiguration: `${provider.base}/.well-known/openid-configuration` };
    const metadata = (await (await provider.logIn(await provider.addUser())).send(openidConfiguration)).json();
    expect(metadata).toMatchObject({
      frontchannel_logout_supported: true,
      frontchannel_logout_session_supported: true,
    });
  });

  it('opens each client of the session in a frame with iss and sid, and lets exactly those be framed', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const one = await addClient('one.test');
    const other = await addClient('other.test', { frontchannelLogoutSessionRequired: false });
    const silent = await addClient('silent.test', { frontchannelLogoutUri: undefined });
    const idToken = await use(browser, one);
    await use(browser, other);
    await use(browser, silent);
    await addClient('never-used.test');
    await browser.open(`${provider.base}/logout`);
    const page = await browser.submit({ logout: 'yes' });
    const { sid } = decodeJwt(idToken);
    expect(framesOf(page).sort()).toEqual([
      `https://one.test/out?a=b&iss=${encodeURIComponent(provider.issuer)}&sid=${String(sid)}`,
      'https://other.test/out?a=b',
    ]);
    const policy = String(page.headers['content-security-policy']);
    expect(/frame-src ([^;]*)/.exec(policy)?.[1]?.split(' ').sort()).toEqual([
      'https://one.test',
      'https://other.test',
    ]);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
  });

  it('sandboxes the frames: a client may run its scripts on its own storage, and neither navigate nor open windows', async () => {
    const browser = await provider.logIn(await provider.addUser());
    await use(browser, await addClient('sandboxed.test'));
    await browser.open(`${provider.base}/logout`);
    const page = await browser.submit({ logout: 'yes' });
    const frames = page.text.match(/<iframe [^>]*>/g) ?? [];
    expect(frames).toHaveLength(1);
    for (const frame of frames) expect(frame).toContain(' sandbox="allow-scripts allow-same-origin"');
  });

  it('tells them before the browser goes back to the client that asked, with a link where there is no script', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const asking = await addClient('asking.test');
    const idToken = await use(browser, asking);
    const page = await endSession(browser, {
      id_token_hint: idToken,
      post_logout_redirect_uri: 'https://asking.test/bye',
      state: 'as sent',
    });
    expect(page.status).toBe(200);
    expect(framesOf(page)).toHaveLength(1);
    const link = /<a [^>]*href="([^"]*)"[^>]*data-continue/.exec(page.text)?.[1] ?? '';
    expect(unescape(link)).toBe('https://asking.test/bye?state=as+sent');
    expect(page.text).toMatch(/<script src="\/assets\/[^"]*logout[^"]*\.js" defer>/);
  });

  it('redirects the browser immediately if no client must be notified', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const asking = await addClient('straight.test', { frontchannelLogoutUri: undefined });
    const idToken = await use(browser, asking);
    const answer = await endSession(browser, {
      id_token_hint: idToken,
      post_logout_redirect_uri: 'https://straight.test/bye',
    });
    expect(answer.location).toBe('https://straight.test/bye');
    // Once more, with a hint of a session that is over: nobody is notified twice, and no redirect happens by itself.
    const again = await endSession(browser, {
      id_token_hint: idToken,
      post_logout_redirect_uri: 'https://straight.test/bye',
    });
    expect([again.status, again.location]).toEqual([200, undefined]);
    expect(framesOf(again)).toEqual([]);
    expect(again.text).toContain('href="https://straight.test/bye"');
    expect(again.text).not.toContain('data-continue');
  });

  it('does not notify a disabled client', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const off = await addClient('off.test');
    await use(browser, off);
    await provider.store.run((unit) => unit.change(switchOff, provider.clock.now(), off.client.id));
    await browser.open(`${provider.base}/logout`);
    expect(framesOf(await browser.submit({ logout: 'yes' }))).toEqual([]);
  });

  it('shows that nobody was signed in for a logout without a session', async () => {
    const { client } = await addClient('nobody.test');
    const browser = await provider.logIn(await provider.addUser());
    await browser.open(`${provider.base}/logout`);
    await browser.submit({ logout: 'yes' });
    const page = await endSession(browser, {
      client_id: client.id,
      post_logout_redirect_uri: 'https://nobody.test/bye',
    });
    expect(page.text).toContain('You’re already signed out');
    expect(page.text).not.toContain('You’ve been signed out of');
    expect(page.text).not.toContain('<iframe');
  });
});
