import { ConsentsService } from '../../src/consents/consents.service';
import { Browser, send } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { claimsOf, obtainTokens, refresh, type Registered, type Tokens } from '../support/tokens';

type Overrides = Readonly<Record<string, string | undefined>>;

const asked = (claims: object): { claims: string } => ({ claims: JSON.stringify(claims) });

describe('the claims parameter (OpenID Connect Core 5.5)', () => {
  let provider: TestProvider;
  let browser: Browser;
  let userId: string;
  let free: Registered;
  beforeAll(async () => {
    provider = await startProvider();
    const user = await provider.addUser({ name: 'Ada Lovelace', email: 'ada@example.com', roles: ['user', 'admin'] });
    userId = user.id;
    browser = await provider.logIn(user);
    free = await provider.addClient({
      grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
      responseTypes: ['code', 'id_token', 'code id_token', 'id_token token'],
      consentRequired: false,
    });
  });
  afterAll(() => provider.close());

  const open = (registered: Registered, overrides: Overrides, by = browser) =>
    by.open(authorizeUrl(provider, authorizationRequest(registered.client, overrides).parameters));
  const userinfo = async (token: string) =>
    (await send(`${provider.issuer}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } })).json();
  const fragmentOf = (location: string | undefined) => new URLSearchParams(new URL(location ?? '').hash.slice(1));

  it('userinfo: UserInfo tells what is asked for by name, beside the scope, and the ID token does not', async () => {
    const tokens = await obtainTokens(
      provider,
      browser,
      free,
      asked({ userinfo: { name: { essential: true }, email: null, nickname: null, groups: null } }),
    );
    expect(await userinfo(tokens.access_token)).toEqual({
      sub: userId,
      name: 'Ada Lovelace',
      email: 'ada@example.com',
    });
    expect(claimsOf(tokens.id_token)).not.toHaveProperty('name');
  });

  it('id_token: the ID token tells it, and UserInfo does not', async () => {
    const tokens = await obtainTokens(provider, browser, free, asked({ id_token: { email: { essential: true } } }));
    expect(claimsOf(tokens.id_token)).toMatchObject({ email: 'ada@example.com' });
    expect(claimsOf(tokens.id_token)).not.toHaveProperty('name');
    expect(await userinfo(tokens.access_token)).toEqual({ sub: userId });
  });

  it('adds to the scopes, and takes nothing away', async () => {
    const tokens = await obtainTokens(provider, browser, free, {
      scope: 'openid email',
      ...asked({ userinfo: { name: null } }),
    });
    expect(await userinfo(tokens.access_token)).toMatchObject({
      email: 'ada@example.com',
      email_verified: false,
      name: 'Ada Lovelace',
    });
  });

  it('is honoured after a refresh too, in the ID token and by UserInfo', async () => {
    const first = await obtainTokens(provider, browser, free, {
      scope: 'openid offline_access',
      ...asked({ id_token: { name: null }, userinfo: { email: null } }),
    });
    const tokens = (await refresh(provider, free, first.refresh_token ?? '')).json<Tokens>();
    expect(claimsOf(tokens.id_token)).toMatchObject({ name: 'Ada Lovelace' });
    expect(await userinfo(tokens.access_token)).toEqual({ sub: userId, email: 'ada@example.com' });
  });

  it('is honoured by both ID tokens of the hybrid flow, and by an access token from the fragment', async () => {
    const { parameters, proof } = authorizationRequest(free.client, {
      response_type: 'code id_token',
      ...asked({ id_token: { name: null } }),
    });
    const answer = fragmentOf((await browser.open(authorizeUrl(provider, parameters))).location);
    expect(claimsOf(answer.get('id_token') ?? '')).toMatchObject({ name: 'Ada Lovelace' });
    const tokens = (await redeem(provider, free, answer.get('code') ?? '', proof.verifier)).json<Tokens>();
    expect(claimsOf(tokens.id_token)).toMatchObject({ name: 'Ada Lovelace' });

    const direct = await open(free, { response_type: 'id_token token', ...asked({ userinfo: { email: null } }) });
    expect(await userinfo(fragmentOf(direct.location).get('access_token') ?? '')).toEqual({
      sub: userId,
      email: 'ada@example.com',
    });
  });

  it('asks nothing of UserInfo where no access token is issued', async () => {
    const answer = await open(free, { response_type: 'id_token', ...asked({ userinfo: { email: null } }) });
    expect(claimsOf(fragmentOf(answer.location).get('id_token') ?? '')).not.toHaveProperty('email');
  });

  it('a claim with a value that is not the person’s is left out, and is no error (5.5.1)', async () => {
    const tokens = await obtainTokens(
      provider,
      browser,
      free,
      asked({
        userinfo: {
          email: { value: 'bob@example.com', essential: true },
          name: { values: ['Bob', 'Ada Lovelace'] },
        },
      }),
    );
    expect(await userinfo(tokens.access_token)).toEqual({ sub: userId, name: 'Ada Lovelace' });
  });

  it('gives no roles to a client that may not ask for that scope', async () => {
    const request = asked({ userinfo: { roles: { essential: true } }, id_token: { roles: null } });
    const tokens = await obtainTokens(provider, browser, free, request);
    expect(claimsOf(tokens.id_token)).not.toHaveProperty('roles');
    expect(await userinfo(tokens.access_token)).toEqual({ sub: userId });
  });

  it('says nothing in a request that is not OpenID’s', async () => {
    const registered = await provider.addClient({ scope: ['read'], consentRequired: false });
    const tokens = await obtainTokens(provider, browser, registered, {
      scope: 'read',
      ...asked({ userinfo: { email: null } }),
    });
    expect(tokens).not.toHaveProperty('id_token');
  });

  it.each([
    ['no JSON', 'name'],
    ['a list', '[]'],
    ['a member that is no object', '{"userinfo":["name"]}'],
    ['a claim that is no object', '{"id_token":{"name":true}}'],
    ['more than 4000 characters', JSON.stringify({ userinfo: { ['n'.repeat(4000)]: null } })],
  ])('%s is an invalid_request by redirect', async (_what, claims) => {
    expect(answerOf(await open(free, { claims })).get('error')).toBe('invalid_request');
  });

  it('auth_time, asked for as essential, is there', async () => {
    const tokens = await obtainTokens(provider, browser, free, asked({ id_token: { auth_time: { essential: true } } }));
    expect(claimsOf(tokens.id_token)['auth_time']).toEqual(expect.any(Number));
  });

  describe('acr (5.5.1.1)', () => {
    const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';

    it('is told of the login that there is, whatever acr_values wish for', async () => {
      for (const overrides of [{}, { acr_values: '1 2' }, asked({ id_token: { acr: { values: ['1', '2'] } } })]) {
        const tokens = await obtainTokens(provider, browser, free, overrides);
        expect(claimsOf(tokens.id_token)['acr']).toBe(password);
      }
    });

    it('as an essential claim is met, or answered by unmet_authentication_requirements', async () => {
      const essential = (value: string) => asked({ id_token: { acr: { essential: true, values: [value] } } });
      const tokens = await obtainTokens(provider, browser, free, essential(password));
      expect(claimsOf(tokens.id_token)['acr']).toBe(password);
      expect(answerOf(await open(free, essential('urn:mace:incommon:iap:silver'))).get('error')).toBe(
        'unmet_authentication_requirements',
      );
    });
  });

  describe('sub with a value is the wish for that person, as an id_token_hint is', () => {
    const subject = (value: string) => asked({ id_token: { sub: { value } } });

    it('goes through for that person, and by prompt=none too', async () => {
      expect(answerOf(await open(free, { ...subject(userId), prompt: 'none' })).has('code')).toBe(true);
    });

    it('returns login_required to prompt=none where another person is logged in', async () => {
      const other = await provider.addUser();
      const answer = await open(free, { ...subject(other.id), prompt: 'none' });
      expect(answerOf(answer).get('error')).toBe('login_required');
    });

    it('shows the login page else, and takes no other person even then', async () => {
      const user = await provider.addUser();
      const other = await provider.addUser();
      const own = await provider.logIn(user);
      await open(free, subject(other.id), own);
      expect(own.address).toContain('/login?request=');
      expect(answerOf(await own.submit({ username: other.username, password: other.password })).has('code')).toBe(true);
      await open(free, subject(user.id), own);
      expect(answerOf(await own.submit({ username: other.username, password: other.password })).get('error')).toBe(
        'login_required',
      );
    });
  });

  describe('is shown on the consent page', () => {
    it('with each claim that no scope asks for, and asked once', async () => {
      const registered = await provider.addClient();
      const request = {
        scope: 'openid email',
        ...asked({ userinfo: { name: null, email: null, updated_at: null, unknown_claim: null } }),
      };
      const page = await open(registered, request);
      expect(browser.address).toContain('/consent?request=');
      expect(page.text).toContain('See your full name');
      expect(page.text).toContain('<code class="scope">name</code>');
      expect(page.text).toContain('See when your profile last changed');
      expect(page.text.match(/<code class="scope">email<\/code>/g)).toHaveLength(1);
      expect(page.text).not.toContain('unknown_claim');
      expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
      expect(answerOf(await open(registered, request)).has('code')).toBe(true);
      const account = await browser.open(`${provider.issuer}/account`);
      expect(account.text).toContain('<li>See your full name</li>');
    });

    it('and asked for again if a request asks for more than was allowed; prompt=none: consent_required', async () => {
      const registered = await provider.addClient();
      await open(registered, asked({ userinfo: { name: null } }));
      await browser.submit({ confirm: 'yes' });
      const more = asked({ userinfo: { name: null, email: null } });
      expect(answerOf(await open(registered, { ...more, prompt: 'none' })).get('error')).toBe('consent_required');
      const page = await open(registered, more);
      expect(page.text).toContain('See your e-mail address');
      expect(page.text).toContain('<code class="scope">email</code>');
      expect(answerOf(await browser.submit({ confirm: 'no' })).get('error')).toBe('access_denied');
    });

    it('and forgotten when the person takes the consent back', async () => {
      const registered = await provider.addClient();
      await open(registered, asked({ userinfo: { name: null } }));
      await browser.submit({ confirm: 'yes' });
      await provider.store.run(async (unit) => {
        await provider.app.get(ConsentsService).withdraw(unit, userId, registered.client.id, provider.clock.now());
      });
      await open(registered, {});
      await browser.submit({ confirm: 'yes' });
      expect((await open(registered, asked({ userinfo: { name: null } }))).text).toContain('See your full name');
    });
  });

  it('survives a request that had to be kept, with the other parameters', async () => {
    const user = await provider.addUser({ name: 'Grace Hopper' });
    const stranger = new Browser();
    const { parameters, proof } = authorizationRequest(free.client, asked({ id_token: { name: null } }));
    await stranger.open(authorizeUrl(provider, parameters));
    const answer = await stranger.submit({ username: user.username, password: user.password });
    const tokens = (await redeem(provider, free, answerOf(answer).get('code') ?? '', proof.verifier)).json<Tokens>();
    expect(claimsOf(tokens.id_token)).toMatchObject({ name: 'Grace Hopper' });
  });
});
