import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser } from '../support/browser';
import { addApp, giveFactor, givePassword, recoveryCodesOf, scan, type App } from '../support/factors';
import { fieldsOf, sendFields } from '../support/forms';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { claimsOf, obtainTokens } from '../support/tokens';

const multiFactor = 'http://schemas.openid.net/pape/policies/2007/06/multi-factor';
const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';

let provider: TestProvider;
beforeAll(async () => (provider = await startProvider()));
afterAll(() => provider.close());

type Person = Awaited<ReturnType<TestProvider['addUser']>>;
const at = (path: string): string => `${provider.base}${path}`;
const isHome = async (browser: Browser): Promise<boolean> => {
  await browser.open(at('/home'));
  return browser.address === at('/home');
};

/** Somebody with an authenticator app, added in a browser that is logged in. */
async function personWithApp(): Promise<{ user: Person; app: App; browser: Browser }> {
  const user = await provider.addUser();
  const browser = await provider.logIn(user);
  const app = await addApp(provider, browser);
  // The code that confirmed the app is consumed.
  provider.clock.advance(30);
  return { user, app, browser };
}

describe('an authenticator app (RFC 6238)', () => {
  it('is added with a code that confirms the seed: a picture, the secret as text, ten recovery codes once', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const page = await browser.open(at('/account/factors/app'));
    expect(page.text).toMatch(/<img class="qr" src="data:image\/svg\+xml;base64,[A-Za-z0-9+/&#x;D]+"/);
    const app = scan(provider, browser);
    expect(Buffer.byteLength(app.secret)).toBe(32);

    const wrong = await browser.submit({ otp: app.code(5) });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('id="f-otp-problem">That code didn’t work');
    expect(scan(provider, browser).secret).toBe(app.secret);

    const added = await browser.submit({ otp: app.code() });
    expect(added.status).toBe(200);
    expect(added.headers['cache-control']).toBe('no-store');
    const codes = recoveryCodesOf(added);
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    const overview = await browser.open(at('/account/factors'));
    for (const code of codes) expect(overview.text).not.toContain(code);
    expect(overview.text).toContain('10 codes are left');
  });

  it('keeps its seed sealed and the recovery codes hashed', async () => {
    const { user, app } = await personWithApp();
    const rows = await provider.store.reader.query<{ seed_sealed: string }[]>(
      `SELECT * FROM totp_factors WHERE user_id = '${user.id}'`,
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(app.secret);
    const codes = await provider.store.reader.query<{ code_hash: string }[]>(
      `SELECT * FROM recovery_codes WHERE user_id = '${user.id}'`,
    );
    expect(codes).toHaveLength(10);
    for (const code of app.recoveryCodes) expect(JSON.stringify(codes)).not.toContain(code.replaceAll('-', ''));
  });

  it("another user's offer, an expired one and a forged one are rejected", async () => {
    const [ada, bob] = [await provider.addUser(), await provider.addUser()];
    const [hers, his] = [await provider.logIn(ada), await provider.logIn(bob)];
    await hers.open(at('/account/factors/app'));
    const offer = fieldsOf(hers).find(([name]) => name === 'offer')?.[1] ?? '';
    const app = scan(provider, hers);
    await his.open(at('/account/factors/app'));
    for (const sealed of [offer, 'made-up', '', 'x'.repeat(5000)]) {
      const refused = await his.submit({ otp: app.code(), offer: sealed });
      expect(refused.status).toBe(422);
      expect(refused.text).toContain('too old');
    }
    expect((await his.open(at('/account/factors'))).text).toContain('Add an authenticator app');
  });

  it('is asked for at every new login, and the login goes where it was going', async () => {
    const { user, app } = await personWithApp();
    const { client } = await provider.addClient({ consentRequired: false });
    const browser = new Browser();
    await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/login/factor?request=');
    expect(browser.page?.text).toContain('name="otp"');
    const answer = await giveFactor(browser, { otp: app.code() });
    expect(answerOf(answer).has('code')).toBe(true);
    provider.clock.advance(30);

    const alone = new Browser();
    await givePassword(provider, user, alone);
    expect(alone.address).toContain('/login/factor');
    await giveFactor(alone, { otp: `${app.code().slice(0, 3)} ${app.code().slice(3)}` });
    expect(alone.address).toBe(at('/home'));
    provider.clock.advance(30);
  });

  it.each([
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ])('takes a code that is %i steps away or not: %i', async (steps, status) => {
    const { user, app } = await personWithApp();
    // The step before now must not be the one that confirmed the app.
    provider.clock.advance(60);
    const browser = new Browser();
    await givePassword(provider, user, browser);
    const answer = await giveFactor(browser, { otp: app.code(steps) });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.text).toContain('That code isn’t valid');
    expect(await isHome(browser)).toBe(status === 200);
  });

  it('takes each code once, and no earlier one afterwards (RFC 6238 5.2)', async () => {
    const { user, app } = await personWithApp();
    const [first, second] = [new Browser(), new Browser()];
    await givePassword(provider, user, first);
    await givePassword(provider, user, second);
    const code = app.code();
    expect((await giveFactor(first, { otp: code })).status).toBe(200);
    expect((await giveFactor(second, { otp: code })).status).toBe(401);
    provider.clock.advance(30);
    expect((await giveFactor(second, { otp: app.code(-1) })).status).toBe(401);
    expect((await giveFactor(second, { otp: app.code() })).status).toBe(200);
  });

  it('takes no code that confirmed the app', async () => {
    const user = await provider.addUser();
    const app = await addApp(provider, await provider.logIn(user));
    const browser = new Browser();
    await givePassword(provider, user, browser);
    expect((await giveFactor(browser, { otp: app.code() })).status).toBe(401);
  });

  it.each([
    ['nothing', ''],
    ['five digits', '12345'],
    ['seven digits', '1234567'],
    ['letters', 'abcdef'],
    ['wide digits', '１２３４５６'],
    ['SQL', "' OR 1=1"],
    ['ten thousand digits', '9'.repeat(10_000)],
  ])('takes no %s for a code', async (_name, otp) => {
    const { user } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    expect((await giveFactor(browser, { otp })).status).toBe(401);
  });

  it("takes no other person's code", async () => {
    const [ada, bob] = [await personWithApp(), await personWithApp()];
    const browser = new Browser();
    await givePassword(provider, ada.user, browser);
    expect((await giveFactor(browser, { otp: bob.app.code() })).status).toBe(401);
  });

  it('changes nothing without the token of the form', async () => {
    const { user, app } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    expect((await giveFactor(browser, { otp: app.code(), csrf: 'x' })).status).toBe(403);
    expect((await giveFactor(browser, { otp: app.code() }, { headers: { Origin: 'https://evil.test' } })).status).toBe(
      403,
    );
    expect(await isHome(browser)).toBe(false);
  });
});

describe('recovery codes', () => {
  it('stand in for the app, each once, however they are typed', async () => {
    const { user, app } = await personWithApp();
    const [code = '', other = ''] = app.recoveryCodes;
    const browser = new Browser();
    await givePassword(provider, user, browser);
    expect((await giveFactor(browser, { action: 'recovery', recovery: 'abcdef-abcdef-abcdef-abcdef' })).status).toBe(
      401,
    );
    await giveFactor(browser, { action: 'recovery', recovery: ` ${code.toUpperCase().replaceAll('-', ' ')} ` });
    expect(browser.address).toBe(at('/home'));

    const again = new Browser();
    await givePassword(provider, user, again);
    expect((await giveFactor(again, { action: 'recovery', recovery: code })).text).toContain('was already used');
    expect((await giveFactor(again, { action: 'recovery', recovery: other })).status).toBe(200);
    expect((await again.open(at('/account/factors'))).text).toContain('8 codes are left');
  });

  it('are made anew: the old ones end', async () => {
    const { user, app, browser } = await personWithApp();
    await browser.open(at('/account/factors'));
    const csrf = fieldsOf(browser, '/account/factors').filter(([name]) => name === 'csrf');
    const made = await sendFields(browser, [...csrf, ['action', 'new-codes']], '/account/factors');
    const codes = recoveryCodesOf(made);
    expect(codes).toHaveLength(10);
    const late = new Browser();
    await givePassword(provider, user, late);
    expect((await giveFactor(late, { action: 'recovery', recovery: app.recoveryCodes[3] ?? '' })).status).toBe(401);
    expect((await giveFactor(late, { action: 'recovery', recovery: codes[3] ?? '' })).status).toBe(200);
  });
});

describe('a session that owes a second factor', () => {
  const session = (browser: Browser) => browser.cookie(provider.host, 'gatehouse_session');

  it('is no session for prompt=none', async () => {
    const { user } = await personWithApp();
    const { client } = await provider.addClient({ consentRequired: false });
    const browser = new Browser();
    await givePassword(provider, user, browser);
    const answer = await browser.open(
      authorizeUrl(provider, authorizationRequest(client, { prompt: 'none' }).parameters),
    );
    expect(answerOf(answer).get('error')).toBe('login_required');
  });

  it('gets a new cookie value when it becomes full: the one from before is worth nothing', async () => {
    const { user, app } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    const before = session(browser);
    const planted = browser.clone();
    await giveFactor(browser, { otp: app.code() });
    expect(session(browser)).not.toBe(before);
    expect(await isHome(browser)).toBe(true);
    expect(await isHome(planted)).toBe(false);
  });

  it('opens no page: each route answers as to a stranger, or leads to the second factor', async () => {
    const { user } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    const stranger = new Browser();
    await stranger.open(at('/login'));
    const tokens = [csrfOf(browser), csrfOf(stranger)] as const;
    const paths = routesOf(provider);
    expect(paths.length).toBeGreaterThan(40);
    for (const { method, path } of paths) {
      // Its own page, and the way out.
      if (path.startsWith('/login') || path === '/' || path.endsWith('/logout')) continue;
      // Forms go with a token that is good, so that it is not that which stops them.
      const send = async (who: Browser, csrf: string) => {
        const form = {
          body: new URLSearchParams({ csrf }).toString(),
          headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
        };
        const answer = await who.send(at(path), { method, ...(method === 'POST' ? form : {}) });
        return { method, path, status: answer.status, location: answer.location };
      };
      const [partial, nobody] = [await send(browser, tokens[0]), await send(stranger, tokens[1])];
      expect({ ...partial, location: partial.location?.split('?')[0] }).toEqual({
        ...nobody,
        location: nobody.location?.split('?')[0],
      });
    }
    // What a stranger's login leads to is the second factor here.
    await browser.open(at('/user'));
    expect(browser.address).toContain('/login/factor');
    expect(browser.page?.text).not.toContain('/account"');
  });

  it('ends by logout, and with the password', async () => {
    const { user } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    await browser.open(at('/logout'));
    await browser.submit({ logout: 'yes' });
    await browser.open(at('/login/factor'));
    expect(browser.address).toContain('/login');
    expect(browser.page?.text).toContain('name="password"');
  });

  it('is what a new password by a recovery link gives: the factor is still asked for (ASVS 5.0 6.4.3)', async () => {
    const { user, app } = await personWithApp();
    const browser = new Browser();
    await browser.open(
      await provider.store.run((unit) =>
        provider.app.get(OneTimeLinks).create(unit, { userId: user.id, purpose: 'set-password' }, provider.clock.now()),
      ),
    );
    const renewed = { username: user.username, password: 'a password made after the old one' };
    expect((await browser.submit({ password: renewed.password })).status).toBe(200);
    expect(await isHome(browser)).toBe(false);
    await givePassword(provider, renewed, browser);
    expect(browser.address).toContain('/login/factor');
    expect(await isHome(browser)).toBe(false);
    await givePassword(provider, renewed, browser);
    await giveFactor(browser, { otp: app.code() });
    expect(await isHome(browser)).toBe(true);
  });

  it('adds no factor: a user who has one must present it first', async () => {
    const { user, app, browser: own } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    const offerOf = async (): Promise<string> => {
      await own.open(at('/account/factors/app'));
      return fieldsOf(own).find(([name]) => name === 'offer')?.[1] ?? '';
    };
    for (const fields of [
      { action: 'add-app', otp: app.code(), offer: await offerOf() },
      { action: 'add-app', otp: '000000' },
      { action: 'add-passkey', attestation: '{}' },
    ]) {
      const refused = await giveFactor(browser, fields);
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('Sign in again to set up a second step.');
    }
    expect(await isHome(browser)).toBe(false);
    const page = await own.open(at('/account'));
    expect(page.text).toContain('second factor not given');
  });

  it('is over after half an hour', async () => {
    const { user, app } = await personWithApp();
    const browser = new Browser();
    await givePassword(provider, user, browser);
    provider.clock.advance(1800);
    await giveFactor(browser, { otp: app.code() });
    expect(browser.address).toContain('/login');
    expect(browser.page?.text).toContain('name="password"');
  });

  it('is what sessions become that rest on a password, when their person adds a factor elsewhere', async () => {
    const user = await provider.addUser();
    const [here, elsewhere] = [await provider.logIn(user), await provider.logIn(user)];
    await addApp(provider, here);
    expect(await isHome(here)).toBe(true);
    expect(await isHome(elsewhere)).toBe(false);
    expect(elsewhere.address).toContain('/login/factor');
  });

  const csrfOf = (browser: Browser): string => /name="csrf" value="([^"]+)"/.exec(browser.page?.text ?? '')?.[1] ?? '';
});

describe('what tokens tell of it', () => {
  it('amr and acr of a password, of a code, of a recovery code', async () => {
    const registered = await provider.addClient({ consentRequired: false });
    const { user, app } = await personWithApp();
    const plain = await obtainTokens(provider, await provider.logIn(await provider.addUser()), registered);
    expect(claimsOf(plain.id_token)).toMatchObject({ amr: ['pwd'], acr: password });

    const byCode = new Browser();
    await givePassword(provider, user, byCode);
    await giveFactor(byCode, { otp: app.code() });
    expect(claimsOf((await obtainTokens(provider, byCode, registered)).id_token)).toMatchObject({
      amr: ['pwd', 'otp', 'mfa'],
      acr: multiFactor,
      auth_time: provider.clock.now(),
    });
    const asked = await obtainTokens(provider, byCode, registered, { acr_values: `1 ${password} ${multiFactor}` });
    expect(claimsOf(asked.id_token)['acr']).toBe(password);

    const byRecovery = new Browser();
    await givePassword(provider, user, byRecovery);
    await giveFactor(byRecovery, { action: 'recovery', recovery: app.recoveryCodes[0] ?? '' });
    expect(claimsOf((await obtainTokens(provider, byRecovery, registered)).id_token)).toMatchObject({
      amr: ['pwd', 'otp', 'recovery', 'mfa'],
      acr: multiFactor,
    });
  });
});

/** Every route of the application, with something in the place of its parameters. */
function routesOf({ app }: TestProvider): { method: string; path: string }[] {
  interface Layer {
    readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  }
  const express = app.getHttpAdapter().getInstance() as { readonly router: { readonly stack: readonly Layer[] } };
  return express.router.stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods)
          .map((method) => method.toUpperCase())
          .filter((method) => method === 'GET' || method === 'POST')
          .map((method) => ({ method, path: route.path.replace(/:\w+/g, 'x') })),
  );
}
