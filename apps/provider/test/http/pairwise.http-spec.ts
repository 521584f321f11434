import type { Client } from '@gatehouse/domain/oauth';
import { decodeJwt, SignJWT } from 'jose';
import type { Settings } from '../../src/config/settings';
import { SETTINGS } from '../../src/config/settings.token';
import { CacheVersions } from '../../src/database/cache-versions.service';
import { Browser, send } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  basic,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

type Registered = { client: Client; secret: string };

describe('pairwise subjects (OpenID Connect Core 8.1)', () => {
  let provider: TestProvider;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;
  let browser: Browser;

  beforeAll(async () => {
    provider = await startProvider();
    person = await provider.addUser();
    browser = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  const addPairwise = (host: string): Promise<Registered> =>
    provider.addClient({
      subjectType: 'pairwise',
      redirectUris: [`https://${host}/callback`],
      postLogoutRedirectUris: [`https://${host}/bye`],
    });

  async function logIn(
    registered: Registered,
    as: Browser = browser,
    provided: TestProvider = provider,
  ): Promise<{ idToken: string; accessToken: string; sub: unknown }> {
    const { code, verifier } = await authorize(provided, as, registered.client);
    const answer = await redeem(provided, registered, code, verifier);
    const { id_token, access_token } = answer.json<{ id_token: string; access_token: string }>();
    return { idToken: id_token, accessToken: access_token, sub: decodeJwt(id_token).sub };
  }

  it('are the same at every place where one client meets the person, and not the account’s id', async () => {
    const registered = await addPairwise('one.test');
    const { accessToken, sub } = await logIn(registered);
    expect(sub).toMatch(/^[\w-]{43}$/);
    const userinfo = await send(`${provider.base}/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${accessToken}` },
    });
    expect(userinfo.json()['sub']).toBe(sub);
    const introspected = await post(
      `${provider.base}/oauth/introspect`,
      { token: accessToken },
      { Authorization: basic(registered.client, registered.secret) },
    );
    expect(introspected.json()['sub']).toBe(sub);
    expect(introspected.json()).not.toHaveProperty('username');
    expect((await logIn(registered)).sub).toBe(sub);
    expect(userinfo.text + introspected.text).not.toContain(person.id);
  });

  it('are the same for clients of one host, others for another, and the account’s id for public clients', async () => {
    const { sub } = await logIn(await addPairwise('shared.test'));
    expect((await logIn(await addPairwise('shared.test'))).sub).toBe(sub);
    expect((await logIn(await addPairwise('other.test'))).sub).not.toBe(sub);
    expect((await logIn(await provider.addClient())).sub).toBe(person.id);
  });

  it('stay when the secret key of the server is changed, and are the same on another process', async () => {
    const registered = await addPairwise('rotated.test');
    const { sub } = await logIn(registered);
    const second = await startProvider({
      databaseUrl: provider.app.get<Settings>(SETTINGS).databaseUrl,
      env: {
        GATEHOUSE_SECRET_KEY: `${Buffer.alloc(32, 9).toString('base64url')},${provider.secretKey}`,
      },
      clock: provider.clock,
    });
    try {
      await second.app.get(CacheVersions).refresh();
      expect((await logIn(registered, await second.logIn(person), second)).sub).toBe(sub);
    } finally {
      await second.close();
    }
  });

  it('are understood in an id_token_hint, for prompt=none and for a logout', async () => {
    const registered = await addPairwise('hint.test');
    const { idToken } = await logIn(registered);
    const asked = (overrides: Record<string, string>) =>
      authorizeUrl(provider, authorizationRequest(registered.client, overrides).parameters);
    const silent = await browser.open(asked({ prompt: 'none', id_token_hint: idToken }));
    expect(answerOf(silent).get('code')).not.toBeNull();
    const other = await provider.logIn(await provider.addUser());
    const refused = await other.open(asked({ prompt: 'none', id_token_hint: idToken }));
    expect(answerOf(refused).get('error')).toBe('login_required');

    const leaving = await provider.logIn(person);
    const fresh = await logIn(registered, leaving);
    const bye = await leaving.send(
      `${provider.base}/oauth/logout?${new URLSearchParams({
        id_token_hint: fresh.idToken,
        post_logout_redirect_uri: 'https://hint.test/bye',
      }).toString()}`,
    );
    expect(bye.location).toBe('https://hint.test/bye');
  });

  it('cannot be matched with the account’s id by hints: of another client, or signed with the secret of the client', async () => {
    const { idToken: ofPublicClient } = await logIn(await provider.addClient());
    const bySecret = await provider.addClient({
      subjectType: 'pairwise',
      idTokenSignedResponseAlg: 'HS256',
      redirectUris: ['https://curious.test/callback'],
    });
    await logIn(bySecret);
    const forged = await new SignJWT({ sub: person.id })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(provider.base)
      .setAudience(bySecret.client.id)
      .sign(Buffer.from(bySecret.secret));
    for (const id_token_hint of [ofPublicClient, forged]) {
      const { parameters } = authorizationRequest(bySecret.client, { prompt: 'none', id_token_hint });
      const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
      expect([answer.get('error'), answer.get('code')]).toEqual(['login_required', null]);
    }
  });

  it('a hint that one client signed with its secret says nothing for another client', async () => {
    const forger = await provider.addClient({ idTokenSignedResponseAlg: 'HS256' });
    const victim = await provider.addClient();
    await logIn(victim);
    const forged = await new SignJWT({ sub: person.id })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(provider.base)
      .setAudience(forger.client.id)
      .sign(Buffer.from(forger.secret));
    const { parameters } = authorizationRequest(victim.client, { prompt: 'none', id_token_hint: forged });
    const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
    expect([answer.get('error'), answer.get('code')]).toEqual(['invalid_request', null]);
  });
});
