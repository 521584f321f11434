import { deviceCodeGrant, type ClientDraft } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser, send, type Answer } from '../support/browser';
import { push, pushedUrl } from '../support/par';
import {
  authorizationRequest,
  authorize,
  authorizeUrl,
  basic,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { obtainRefreshToken, refresh, type Registered, type Tokens } from '../support/tokens';
import { changeClient } from '../support/client-changes';

const access = 3600;
const lifetimes = { code: 60, refreshToken: 100, device: 600, pushed: 60, link: 24 * 3600 };

/** What is redeemed later than it was given: at the second of its expiry no more, and by what its client may have then. */
describe('what is redeemed later', () => {
  let provider: TestProvider;
  let browser: Browser;
  beforeAll(async () => {
    // Access tokens live longer: so do the grants, and no expiry of theirs hides that of what is redeemed.
    provider = await startProvider({
      env: {
        GATEHOUSE_ACCESS_TOKEN_LIFETIME: String(access),
        GATEHOUSE_REFRESH_TOKEN_LIFETIME: String(lifetimes.refreshToken),
      },
    });
  });
  beforeEach(async () => {
    browser = await provider.logIn(await provider.addUser({ email: 'ada@example.com' }));
  });
  afterAll(() => provider.close());

  const refusal = (answer: Answer): unknown[] => [answer.status, answer.json()['error']];
  const scope = 'openid profile email';
  const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
    provider.addClient({ grantTypes: ['authorization_code', 'refresh_token', deviceCodeGrant], ...draft });
  const auth = ({ client, secret }: Registered) => ({ Authorization: basic(client, secret) });

  async function deviceCode(
    registered: Registered,
  ): Promise<{ device_code: string; verification_uri_complete: string }> {
    return (await post(`${provider.base}/oauth/device`, { scope }, auth(registered))).json();
  }
  const poll = (registered: Registered, code: string): Promise<Answer> =>
    post(`${provider.base}/oauth/token`, { grant_type: deviceCodeGrant, device_code: code }, auth(registered));
  async function approve(uri: string): Promise<void> {
    await browser.open(uri);
    await browser.submit();
    await browser.submit({ confirm: 'yes' });
  }

  describe('ends at the second of its expiry, and not one before:', () => {
    it('an authorization code (RFC 6749 4.1.2)', async () => {
      // A grant of the hybrid flow lives as long as the access token that came with the code.
      const registered = await add({
        grantTypes: ['authorization_code', 'implicit'],
        responseTypes: ['code id_token token'],
      });
      const hybrid = async (): Promise<{ code: string; verifier: string }> => {
        const { parameters, proof } = authorizationRequest(registered.client, { response_type: 'code id_token token' });
        let answer = await browser.open(authorizeUrl(provider, parameters));
        if (answer.location === undefined) answer = await browser.submit({ confirm: 'yes' });
        const code = new URLSearchParams(new URL(answer.location ?? '').hash.slice(1)).get('code') ?? '';
        return { code, verifier: proof.verifier };
      };
      const [soon, late] = [await hybrid(), await hybrid()];
      provider.clock.advance(lifetimes.code - 1);
      expect((await redeem(provider, registered, soon.code, soon.verifier)).status).toBe(200);
      provider.clock.advance(1);
      expect(refusal(await redeem(provider, registered, late.code, late.verifier))).toEqual([400, 'invalid_grant']);
    });

    it('a refresh token', async () => {
      const registered = await add();
      const [soon, late] = [
        await obtainRefreshToken(provider, browser, registered),
        await obtainRefreshToken(provider, browser, registered),
      ];
      provider.clock.advance(lifetimes.refreshToken - 1);
      expect((await refresh(provider, registered, soon.refresh_token)).status).toBe(200);
      provider.clock.advance(1);
      expect(refusal(await refresh(provider, registered, late.refresh_token))).toEqual([400, 'invalid_grant']);
    });

    it('a device code, whether the person has answered or not (RFC 8628 3.5)', async () => {
      const registered = await add();
      const [soon, late, waiting] = [
        await deviceCode(registered),
        await deviceCode(registered),
        await deviceCode(registered),
      ];
      provider.clock.advance(lifetimes.device - 1);
      await approve(soon.verification_uri_complete);
      await approve(late.verification_uri_complete);
      expect((await poll(registered, soon.device_code)).status).toBe(200);
      expect(refusal(await poll(registered, waiting.device_code))).toEqual([400, 'authorization_pending']);
      provider.clock.advance(1);
      expect(refusal(await poll(registered, late.device_code))).toEqual([400, 'expired_token']);
      expect(refusal(await poll(registered, waiting.device_code))).toEqual([400, 'expired_token']);
      expect((await browser.open(waiting.verification_uri_complete)).text).not.toContain('name="confirm"');
    });

    it('a pushed request (RFC 9126 2.2)', async () => {
      const registered = await add();
      const [soon, late] = [await push(provider, registered), await push(provider, registered)];
      provider.clock.advance(lifetimes.pushed - 1);
      expect((await browser.open(pushedUrl(provider, registered.client, soon.requestUri))).status).toBe(200);
      provider.clock.advance(1);
      expect((await browser.open(pushedUrl(provider, registered.client, late.requestUri))).status).toBe(400);
    });

    it('a one-time link, opened before it or not', async () => {
      const password = 'a password made just now';
      const make = async (): Promise<string> => {
        const { id: userId } = await provider.addUser();
        return provider.store.run((unit) =>
          provider.app.get(OneTimeLinks).create(unit, { userId, purpose: 'set-password' }, provider.clock.now()),
        );
      };
      const [soon, late] = [await make(), await make()];
      const [inTime, tooLate] = [new Browser(), new Browser()];
      provider.clock.advance(lifetimes.link - 1);
      await inTime.open(soon);
      await tooLate.open(late);
      expect((await inTime.submit({ password })).status).toBe(200);
      provider.clock.advance(1);
      expect((await tooLate.submit({ password })).status).toBe(410);
      expect((await send(late, { headers: { Accept: 'text/html' } })).status).toBe(410);
    });
  });

  describe('gives no scope that was taken from the client since:', () => {
    /** What an administrator does. */
    async function take({ client: { id } }: Registered, taken: string): Promise<void> {
      const clients = provider.app.get(ClientsService);
      const client = await clients.findFresh(id);
      if (!client) throw new Error('no client');
      const without = (scopes: readonly string[]) => scopes.filter((each) => each !== taken);
      await changeClient(provider, id, { scope: without(client.scope), defaultScope: without(client.defaultScope) });
      while ((await clients.find(id))?.scope.includes(taken)) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    async function expectNoEmail(answer: Answer): Promise<void> {
      const tokens = answer.json<Tokens>();
      expect([answer.status, tokens.scope]).toEqual([200, 'openid profile']);
      expect(await userinfo(tokens.access_token)).not.toHaveProperty('email');
    }
    const userinfo = async (token: string): Promise<Record<string, unknown>> =>
      (await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } })).json();

    it('a code', async () => {
      const registered = await add();
      const { code, verifier } = await authorize(provider, browser, registered.client, { scope });
      await take(registered, 'email');
      await expectNoEmail(await redeem(provider, registered, code, verifier));
    });

    it('a device code', async () => {
      const registered = await add();
      const codes = await deviceCode(registered);
      await approve(codes.verification_uri_complete);
      await take(registered, 'email');
      await expectNoEmail(await poll(registered, codes.device_code));
    });

    it('a refresh token, and an access token at UserInfo', async () => {
      const registered = await add();
      const { code, verifier } = await authorize(provider, browser, registered.client, {
        scope: `${scope} offline_access`,
      });
      const tokens = (await redeem(provider, registered, code, verifier)).json<Tokens>();
      expect(await userinfo(tokens.access_token)).toHaveProperty('email');
      await take(registered, 'email');
      expect(await userinfo(tokens.access_token)).not.toHaveProperty('email');
      const token = tokens.refresh_token ?? '';
      expect(refusal(await refresh(provider, registered, token, { scope: 'email' }))).toEqual([400, 'invalid_scope']);
      expect((await refresh(provider, registered, token)).json()['scope']).toBe('openid profile offline_access');
    });
  });
});
