import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from 'jose';
import { Browser, send } from '../../support/browser';
import { startProvider, type TestProvider } from '../../support/provider';
import { callback, certificationSettings, given, RelyingParty, type ResponseMode } from './relying-party';

/** What an OpenID Connect profile (Basic, Implicit, Hybrid, each also by form_post) requires of a provider. */
export function openidProfile(responseType: string, responseMode: ResponseMode = 'default'): void {
  const words = responseType.split(' ');
  const hasCode = words.includes('code');
  const hasUserinfo = hasCode || words.includes('token');
  const direct = words.includes('id_token') || words.includes('token');

  describe(`${responseType}, response_mode ${responseMode}`, () => {
    let provider: TestProvider;
    let rp: RelyingParty;
    let person: Awaited<ReturnType<TestProvider['addUser']>>;

    beforeAll(async () => {
      provider = await startProvider({ tls: true, env: certificationSettings });
      rp = await RelyingParty.register(provider, responseType, responseMode);
      person = await provider.addUser({
        name: 'Ada Lovelace',
        email: 'ada@example.test',
        profile: { birthdate: '1815-12-10', phoneNumber: '+442079460000', address: { country: 'UK' } },
      });
    });
    afterAll(() => provider.close());

    /** What the person is known by: UserInfo where there is one, else the ID token. */
    const claimsFor = async (overrides: Record<string, string>): Promise<Record<string, unknown>> => {
      const done = await rp.logIn(new Browser(), person, overrides);
      if (done.accessToken === undefined) return done.idToken;
      const userinfo = (await rp.userinfo(done.accessToken)).json();
      // OpenID Connect Core 5.3.2
      expect(userinfo['sub']).toBe(done.idToken.sub);
      return userinfo;
    };

    it('logs a person in, with every part of the answer as it must be', async () => {
      const done = await rp.logIn(new Browser(), person);
      expect(done.idToken.sub).toBe(person.id);
    });

    it('answers a missing response_type with an error at the redirect URI', async () => {
      const { parameters } = rp.request({ response_type: undefined });
      const answer = await rp.ask(new Browser(), parameters);
      expect(answer.parameters.get('error')).toBe('invalid_request');
      expect(answer.parameters.get('state')).toBe(parameters['state']);
    });

    it('shows a page, and sends nobody anywhere, for a redirect_uri that is not registered or has a query added', async () => {
      for (const redirect_uri of ['https://other.certification.test/callback', `${callback}?added=query`]) {
        const page = await new Browser().open(rp.url(rp.request({ redirect_uri }).parameters));
        expect(page.status).toBe(400);
        expect(page.location).toBeUndefined();
        expect(page.headers['content-type']).toContain('text/html');
      }
    });

    it('keeps the query of a redirect URI that is registered with one', async () => {
      const withQuery = `${callback}?kept=this`;
      const other = await RelyingParty.register(provider, responseType, responseMode, { redirect_uris: [withQuery] });
      const browser = await provider.logIn(person);
      const { parameters } = other.request({ redirect_uri: withQuery });
      let page = await browser.open(other.url(parameters));
      if (page.status === 200 && page.text.includes('name="confirm"')) page = await browser.submit({ confirm: 'yes' });
      const target = page.location ?? /action="([^"]+)"/.exec(page.text)?.[1] ?? '';
      expect(target.replaceAll('&#x3D;', '=')).toContain('kept=this');
    });

    if (hasUserinfo) {
      it.each(['GET', 'POST header', 'POST body'] as const)('tells UserInfo by %s', async (by) => {
        const done = await rp.logIn(new Browser(), person);
        const answer = await rp.userinfo(done.accessToken ?? '', by);
        expect(answer.status).toBe(200);
        expect(answer.json()).toEqual({ sub: person.id });
      });
    }

    it.each<[string, object]>([
      ['profile', { name: 'Ada Lovelace', preferred_username: expect.any(String) as unknown, birthdate: '1815-12-10' }],
      ['email', { email: 'ada@example.test', email_verified: false }],
      ['address', { address: { country: 'UK' } }],
      ['phone', { phone_number: '+442079460000', phone_number_verified: false }],
    ])(
      'gives the claims of the scope %s, in UserInfo where there is one and else in the ID token',
      async (scope, some) => {
        expect(await claimsFor({ scope: `openid ${scope}` })).toMatchObject(some);
        if (!hasUserinfo) return;
        const { idToken } = await rp.logIn(new Browser(), person, { scope: `openid ${scope}` });
        for (const claim of Object.keys(some)) expect(idToken).not.toHaveProperty(claim);
      },
    );

    it('takes all scopes at once, in any order', async () => {
      expect(await claimsFor({ scope: 'phone address email profile openid' })).toMatchObject({
        name: 'Ada Lovelace',
        email: 'ada@example.test',
        address: { country: 'UK' },
        phone_number: '+442079460000',
      });
    });

    it.each([
      ['display', 'page'],
      ['display', 'popup'],
      ['ui_locales', 'se'],
      ['claims_locales', 'se'],
      ['acr_values', '1 2'],
      ['login_hint', 'buffy@example.test'],
      ['extra', 'foobar'],
    ])('is not bothered by %s=%s', async (name, value) => {
      await rp.logIn(new Browser(), person, { [name]: value });
    });

    it('asks again for prompt=login, with a later auth_time', async () => {
      const browser = new Browser();
      const first = await rp.logIn(browser, person, { max_age: '10000' });
      provider.clock.advance(2);
      const { parameters, verifier } = rp.request({ prompt: 'login', max_age: '10000' });
      const page = await browser.open(rp.url(parameters));
      expect(page.text).toContain('name="password"');
      const again = await rp.finish(await rp.ask(browser, parameters, person), parameters, verifier);
      expect(again.idToken['auth_time']).toBeGreaterThan(Number(first.idToken['auth_time']));
      expect(again.idToken.sub).toBe(first.idToken.sub);
    });

    it('asks again for max_age=1 a while later, and not for max_age=10000', async () => {
      const browser = new Browser();
      const first = await rp.logIn(browser, person, { max_age: '10000' });
      provider.clock.advance(5);
      const kept = await rp.logIn(browser, person, { max_age: '10000' });
      expect(kept.idToken['auth_time']).toBe(first.idToken['auth_time']);
      const { parameters, verifier } = rp.request({ max_age: '1' });
      expect((await browser.open(rp.url(parameters))).text).toContain('name="password"');
      const again = await rp.finish(await rp.ask(browser, parameters, person), parameters, verifier);
      expect(again.idToken['auth_time']).toBeGreaterThan(Number(first.idToken['auth_time']));
    });

    it('responds to prompt=none with login_required without a session, and without a page with one', async () => {
      const { parameters } = rp.request({ prompt: 'none' });
      const refused = await rp.ask(new Browser(), parameters);
      expect(refused.parameters.get('error')).toBe('login_required');
      expect(refused.parameters.get('iss')).toBe(provider.issuer);
      expect(refused.by).toBe(responseMode === 'form_post' ? 'form_post' : direct ? 'fragment' : 'query');

      const browser = new Browser();
      const first = await rp.logIn(browser, person);
      const request = rp.request({ prompt: 'none' });
      const silent = await rp.finish(await rp.ask(browser, request.parameters), request.parameters, request.verifier);
      expect(silent.idToken.sub).toBe(first.idToken.sub);
    });

    it('goes by id_token_hint: the same person in silence, another one never', async () => {
      const browser = new Browser();
      const first = await rp.logIn(browser, person);
      const hinted = rp.request({ prompt: 'none', id_token_hint: first.idTokenText });
      await rp.finish(await rp.ask(browser, hinted.parameters), hinted.parameters, hinted.verifier);
      const stranger = new Browser();
      await rp.logIn(stranger, await provider.addUser());
      const refused = await rp.ask(stranger, hinted.parameters);
      expect(refused.parameters.get('error')).toBe('login_required');
    });

    it('takes the request by POST', async () => {
      const browser = await provider.logIn(person);
      await rp.logIn(browser, person);
      const { parameters, verifier } = rp.request();
      const posted = await browser.send(rp.endpoint('authorization'), {
        method: 'POST',
        body: new URLSearchParams(parameters).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://rp.certification.test' },
      });
      await rp.finish(given(await browser.open(posted.location ?? '')), parameters, verifier);
    });

    it('gives essential and voluntary claims that are asked for by name', async () => {
      const where = hasUserinfo ? 'userinfo' : 'id_token';
      const claims = JSON.stringify({ [where]: { name: { essential: true }, email: null } });
      expect(await claimsFor({ claims })).toMatchObject({ name: 'Ada Lovelace', email: 'ada@example.test' });
      const { idToken } = await rp.logIn(new Browser(), person, {
        claims: JSON.stringify({ id_token: { auth_time: { essential: true }, email: { essential: true } } }),
      });
      expect(idToken).toMatchObject({ auth_time: provider.clock.now(), email: 'ada@example.test' });
    });

    if (words.includes('id_token')) {
      it('requires a nonce, because an ID token is returned through the browser', async () => {
        const answer = await rp.ask(new Browser(), rp.request({ nonce: undefined }).parameters);
        expect(answer.parameters.get('error')).toBe('invalid_request');
      });
    } else {
      it('needs no nonce', async () => {
        const done = await rp.logIn(new Browser(), person, { nonce: undefined });
        expect(done.idToken).not.toHaveProperty('nonce');
      });
    }

    if (hasCode) {
      it('needs no PKCE of a confidential client, and keeps to it where it is used', async () => {
        const plain = rp.request({ code_challenge: undefined, code_challenge_method: undefined });
        const answer = await rp.ask(new Browser(), plain.parameters, person);
        const token = (verifier?: string) =>
          send(rp.endpoint('token'), {
            method: 'POST',
            body: new URLSearchParams({
              grant_type: 'authorization_code',
              code: answer.parameters.get('code') ?? '',
              redirect_uri: callback,
              ...(verifier === undefined ? {} : { code_verifier: verifier }),
            }).toString(),
            headers: {
              'Content-Type': 'application/x-www-form-urlencoded',
              Authorization: `Basic ${Buffer.from(`${rp.client.client_id}:${rp.client.client_secret}`).toString('base64')}`,
            },
          });
        expect((await token()).status).toBe(200);
        const bound = rp.request();
        const other = await rp.ask(await provider.logIn(person), bound.parameters, person);
        const wrong = await rp.redeem(other.parameters.get('code') ?? '', 'x'.repeat(43));
        expect(wrong.json()['error']).toBe('invalid_grant');
      });

      it.each([0, 30, 1000])('refuses a code that comes again after %i s, and ends what it gave', async (seconds) => {
        const done = await rp.logIn(new Browser(), person);
        expect((await rp.userinfo(done.accessToken ?? '')).status).toBe(200);
        provider.clock.advance(seconds);
        const again = await rp.redeem(done.code ?? '', done.verifier);
        expect([again.status, again.json()['error']]).toEqual([400, 'invalid_grant']);
        const after = await rp.userinfo(done.accessToken ?? '');
        expect(after.status).toBe(401);
        expect(after.headers['www-authenticate']).toContain('invalid_token');
        const front = done.given.parameters.get('access_token');
        if (front !== undefined) expect((await rp.userinfo(front)).status).toBe(401);
      });

      it('issues a code only to its client', async () => {
        const other = await RelyingParty.register(provider, responseType, responseMode);
        const { parameters, verifier } = rp.request();
        const answer = await rp.ask(new Browser(), parameters, person);
        const stolen = await rp.redeem(answer.parameters.get('code') ?? '', verifier, other.client);
        expect(stolen.json()['error']).toBe('invalid_grant');
        expect((await rp.redeem(answer.parameters.get('code') ?? '', verifier)).status).toBe(200);
      });

      it('has 128 bits and more in codes and access tokens', async () => {
        const done = await rp.logIn(new Browser(), person);
        for (const value of [done.code, done.accessToken]) expect(String(value).split('.').at(-1)).toHaveLength(43);
      });

      it('refreshes: the same person, and a scope that is never wider', async () => {
        const done = await rp.logIn(new Browser(), person, { scope: 'openid email offline_access', prompt: 'consent' });
        const refresh = (more: object = {}) =>
          send(rp.endpoint('token'), {
            method: 'POST',
            body: new URLSearchParams({
              grant_type: 'refresh_token',
              refresh_token: String(current['refresh_token']),
              ...more,
            }).toString(),
            headers: {
              'Content-Type': 'application/x-www-form-urlencoded',
              Authorization: `Basic ${Buffer.from(`${rp.client.client_id}:${rp.client.client_secret}`).toString('base64')}`,
            },
          });
        let current = done.tokenAnswer?.json() ?? {};
        const narrowed = await refresh({ scope: 'openid' });
        expect(narrowed.status).toBe(200);
        current = narrowed.json();
        expect(decodeJwt(String(current['id_token'])).sub).toBe(done.idToken.sub);
        const wider = await refresh({ scope: 'openid profile' });
        expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_scope']);
      });
    }

    it('takes a signed request object, whose parameters win over those of the query', async () => {
      const { publicKey, privateKey } = await generateKeyPair('RS256');
      const signer = await RelyingParty.register(provider, responseType, responseMode, {
        jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'ro', use: 'sig', alg: 'RS256' }] },
        request_object_signing_alg: 'RS256',
      });
      const { parameters, verifier } = signer.request();
      const inside = await new SignJWT({
        ...parameters,
        state: 'from-the-object',
        iss: signer.client.client_id,
        aud: provider.issuer,
      })
        .setProtectedHeader({ alg: 'RS256', kid: 'ro' })
        .sign(privateKey);
      const answer = await signer.ask(new Browser(), { ...parameters, request: inside }, person);
      await signer.finish(answer, { ...parameters, state: 'from-the-object' }, verifier);
    });
  });
}
