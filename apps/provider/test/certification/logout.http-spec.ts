import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { Browser, unescape } from '../support/browser';
import { eventually } from '../support/eventually';
import { startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver';
import { startProvider, type TestProvider } from '../support/provider';
import { callback, certificationSettings, RelyingParty } from './support/relying-party';

const bye = 'https://rp.certification.test/bye';

describe('the logout profiles', () => {
  let provider: TestProvider;
  let receiver: LogoutReceiver;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;

  beforeAll(async () => {
    receiver = await startLogoutReceiver();
    provider = await startProvider({
      tls: true,
      env: { ...certificationSettings, GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' },
    });
    person = await provider.addUser();
  });
  afterAll(async () => {
    await provider.close();
    await receiver.close();
  });

  const end = (rp: RelyingParty, parameters: Record<string, string>): string =>
    `${rp.endpoint('end_session')}?${new URLSearchParams(parameters).toString()}`;

  describe('RP-Initiated Logout OP', () => {
    let rp: RelyingParty;
    beforeAll(async () => {
      rp = await RelyingParty.register(provider, 'code', 'default', { post_logout_redirect_uris: [bye] });
    });

    it('logs out by the hint and goes back with state', async () => {
      const browser = new Browser();
      const { idTokenText } = await rp.logIn(browser, person);
      const answer = await browser.open(
        end(rp, { id_token_hint: idTokenText, post_logout_redirect_uri: bye, state: 's' }),
      );
      expect(answer.location).toBe(`${bye}?state=s`);
      const after = await rp.ask(browser, rp.request({ prompt: 'none' }).parameters);
      expect(after.parameters.get('error')).toBe('login_required');
    });

    it.each<[string, (hint: string) => Record<string, string>]>([
      [
        'an address that is not registered',
        (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${bye}/other` }),
      ],
      [
        'an address with a query added',
        (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${bye}?added=1` }),
      ],
      ['no hint', () => ({ post_logout_redirect_uri: bye })],
      [
        'a hint whose signature was changed',
        (hint) => ({
          id_token_hint: `${hint.slice(0, -8)}AAAAAAAA`,
          post_logout_redirect_uri: bye,
        }),
      ],
      ['nothing at all', () => ({})],
    ])('goes nowhere for %s', async (_name, parameters) => {
      const browser = new Browser();
      const { idTokenText } = await rp.logIn(browser, person);
      const page = await browser.open(end(rp, parameters(idTokenText)));
      expect(page.location).toBeUndefined();
      expect(page.headers['content-type']).toContain('text/html');
    });

    it('asks the person where the hint is absent, and goes back after their yes', async () => {
      const browser = new Browser();
      await rp.logIn(browser, person);
      await browser.open(end(rp, { client_id: rp.client.client_id, post_logout_redirect_uri: bye, state: 't' }));
      const answer = await browser.submit({ logout: 'yes' });
      expect(answer.location).toBe(`${bye}?state=t`);
    });
  });

  describe('Back-Channel Logout OP', () => {
    it('posts a logout token that names the session of the ID token', async () => {
      const rp = await RelyingParty.register(provider, 'code', 'default', {
        post_logout_redirect_uris: [bye],
        backchannel_logout_uri: `${receiver.origin}/certification`,
        backchannel_logout_session_required: true,
      });
      const browser = new Browser();
      const { idTokenText, idToken } = await rp.logIn(browser, person);
      expect(idToken['sid']).toEqual(expect.any(String));
      await browser.open(end(rp, { id_token_hint: idTokenText, post_logout_redirect_uri: bye }));
      const [message] = await eventually(
        () => Promise.resolve(receiver.got.filter((each) => each.path === '/certification')),
        (got) => got.length > 0,
      );
      const { payload, protectedHeader } = await jwtVerify(String(message?.token), createLocalJWKSet(await rp.keys()), {
        issuer: provider.issuer,
        audience: rp.client.client_id,
        currentDate: new Date(provider.clock.now() * 1000),
      });
      expect(protectedHeader.alg).toBe('RS256');
      expect(payload).toMatchObject({
        sub: idToken.sub,
        sid: idToken['sid'],
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      });
      expect(payload).not.toHaveProperty('nonce');
    });
  });

  describe('Front-Channel Logout OP', () => {
    it('opens the client in a frame with iss and sid', async () => {
      const rp = await RelyingParty.register(provider, 'code', 'default', {
        post_logout_redirect_uris: [bye],
        frontchannel_logout_uri: `${new URL(callback).origin}/frontchannel`,
        frontchannel_logout_session_required: true,
      });
      const browser = new Browser();
      const { idTokenText } = await rp.logIn(browser, person);
      const page = await browser.open(end(rp, { id_token_hint: idTokenText, post_logout_redirect_uri: bye }));
      const frame = new URL(unescape(/<iframe src="([^"]*)"/.exec(page.text)?.[1] ?? ''));
      expect(frame.searchParams.get('iss')).toBe(provider.issuer);
      expect(frame.searchParams.get('sid')).toBe(decodeJwt(idTokenText)['sid']);
      expect(page.headers['content-security-policy']).toContain(`frame-src ${frame.origin}`);
      expect(page.text).toContain(`href="${bye}"`);
    });
  });

  describe('Third-Party-Initiated Login OP', () => {
    it('begins a login at the client’s initiate_login_uri with iss, from the account page', async () => {
      const rp = await RelyingParty.register(provider, 'code', 'default', {
        initiate_login_uri: `${new URL(callback).origin}/begin`,
      });
      const browser = new Browser();
      await rp.logIn(browser, person);
      const page = await browser.open(`${provider.base}/account`);
      const link = unescape(/href="([^"]*\/begin[^"]*)"/.exec(page.text)?.[1] ?? '');
      expect(new URL(link).searchParams.get('iss')).toBe(provider.issuer);
    });
  });
});
