import { statement } from '@gatehouse/platform/database/store';
import { Browser, type Answer } from '../support/browser';
import { giveFactor, givePassword, recoveryCodesOf } from '../support/factors';
import { fieldsOf } from '../support/forms';
import { authorizationRequest, authorizeUrl, redeem, startProvider, type TestProvider } from '../support/provider';
import { askedOf, SoftKey, type Changes } from '../support/soft-key';
import { Passkeys } from '../../src/users/factors/passkeys.service';
import { claimsOf } from '../support/tokens';

const issuer = 'https://op.test';
const site = { origin: issuer, rpId: 'op.test' };

let provider: TestProvider;
beforeAll(
  async () => (provider = await startProvider({ env: { GATEHOUSE_ISSUER: issuer, GATEHOUSE_THROTTLE: 'off' } })),
);
afterAll(() => provider.close());

type Person = Awaited<ReturnType<TestProvider['addUser']>>;
const at = (path: string): string => `${provider.base}${path}`;
const ours = { headers: { Origin: issuer } };

/** Sends the hidden fields that the page's script would fill in. */
async function post(browser: Browser, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const page = browser.page?.text ?? '';
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const request = /name="request" value="([^"]+)"/.exec(page)?.[1];
  const answer = await browser.send(at(path), {
    method: 'POST',
    body: new URLSearchParams({ csrf, ...(request === undefined ? {} : { request }), ...fields }).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: issuer },
  });
  if (answer.location === undefined) return answer;
  return new URL(answer.location).origin === new URL(provider.base).origin ? browser.open(answer.location) : answer;
}

async function enroll(browser: Browser, changes: Changes = {}, key = new SoftKey(site)) {
  await browser.open(at('/account/passkeys'));
  const attestation = key.create(askedOf(browser.page?.text ?? '', 'enroll'), changes);
  const answer = await post(browser, '/account/passkeys', { action: 'add-passkey', attestation, passkeyName: 'Key' });
  return { key, answer, attestation };
}

async function personWithKey(): Promise<{ user: Person; browser: Browser; key: SoftKey }> {
  const user = await provider.addUser();
  const browser = await provider.logIn(user);
  const { key, answer } = await enroll(browser);
  expect(recoveryCodesOf(answer)).toHaveLength(10);
  return { user, browser, key };
}

/** The login page in a new browser. */
async function loginPage(): Promise<Browser> {
  const browser = new Browser();
  await browser.open(at('/login'));
  return browser;
}

const logInWith = (browser: Browser, assertion: string): Promise<Answer> =>
  post(browser, '/login/passkey', { assertion });
const isHome = async (browser: Browser): Promise<boolean> => {
  await browser.open(at('/home'));
  return browser.address === at('/home');
};

describe('adding a passkey (WebAuthn 7.1)', () => {
  it.each<[string, Changes]>([
    ['made for another site', { origin: 'https://evil.test' }],
    ['bound to another host', { rpId: 'evil.test' }],
    ['an assertion', { type: 'webauthn.get' }],
    ['made inside a frame of another site', { crossOrigin: true }],
    ['for a challenge that is not ours', { challenge: 'AAAA' }],
  ])('%s is refused', async (_name, changes) => {
    const browser = await provider.logIn(await provider.addUser());
    expect((await enroll(browser, changes)).answer.status).toBe(422);
    expect((await browser.open(at('/account/passkeys'))).text).toContain('None yet');
  });

  it.each(['', '{}', 'null', '[]', '{"id":1}', 'x'.repeat(20_000), '{"id":"AA","response":{"clientDataJSON":"!"}}'])(
    'nonsense is refused: %#',
    async (attestation) => {
      const browser = await provider.logIn(await provider.addUser());
      await browser.open(at('/account/passkeys'));
      const answer = await post(browser, '/account/passkeys', { action: 'add-passkey', attestation });
      expect(answer.status).toBe(422);
    },
  );

  it('works once for each challenge, in the browser and for the person that it was made for', async () => {
    const [ada, bob] = [await provider.addUser(), await provider.addUser()];
    const hers = await provider.logIn(ada);
    await hers.open(at('/account/passkeys'));
    const asked = askedOf(hers.page?.text ?? '', 'enroll');
    const [first, second] = [new SoftKey(site).create(asked), new SoftKey(site).create(asked)];
    const his = await provider.logIn(bob);
    await his.open(at('/account/passkeys'));
    expect((await post(his, '/account/passkeys', { action: 'add-passkey', attestation: first })).status).toBe(422);
    const elsewhere = await provider.logIn(ada);
    await elsewhere.open(at('/account/passkeys'));
    expect((await post(elsewhere, '/account/passkeys', { action: 'add-passkey', attestation: first })).status).toBe(
      422,
    );
    expect((await post(hers, '/account/passkeys', { action: 'add-passkey', attestation: first })).status).toBe(200);
    await hers.open(at('/account/passkeys'));
    expect((await post(hers, '/account/passkeys', { action: 'add-passkey', attestation: second })).status).toBe(422);
  });

  it('says before that sign-ins by password ask for a second factor from then on, where none is asked for yet', async () => {
    const demands = 'every login with your password also asks for a second factor';
    const browser = await provider.logIn(await provider.addUser());
    for (const page of ['/account/passkeys', '/account/factors/app'])
      expect((await browser.open(at(page))).text).toContain(demands);
    expect(recoveryCodesOf((await enroll(browser)).answer)).toHaveLength(10);
    for (const page of ['/account/passkeys', '/account/factors/app'])
      expect((await browser.open(at(page))).text).not.toContain(demands);
  });

  it('gives recovery codes with the first factor, and with a later one where none is left', async () => {
    const { user, browser } = await personWithKey();
    expect(recoveryCodesOf((await enroll(browser)).answer)).toHaveLength(0);
    const spend = statement('test.spend', 'UPDATE recovery_codes SET used_at = 1 WHERE user_id = $1');
    await provider.store.run((unit) => unit.change(spend, user.id));
    expect(recoveryCodesOf((await enroll(browser)).answer)).toHaveLength(10);
  });

  it('a challenge ends after an hour', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    await browser.open(at('/account/passkeys'));
    const attestation = new SoftKey(site).create(askedOf(browser.page?.text ?? '', 'enroll'));
    provider.clock.advance(3600);
    const answer = await post(browser, '/account/passkeys', { action: 'add-passkey', attestation });
    expect(answer.text).toContain('name="password"');
    expect((await provider.app.get(Passkeys).listOf(user.id)).length).toBe(0);
  });

  it("another person's credential is rejected", async () => {
    const { key } = await personWithKey();
    const browser = await provider.logIn(await provider.addUser());
    const { answer } = await enroll(browser, {}, key);
    expect(answer.status).toBe(422);
    expect((await browser.open(at('/account/passkeys'))).text).toContain('None yet');
  });

  it('what certifies the authenticator is not looked at, and nothing is fetched for it', async () => {
    const browser = await provider.logIn(await provider.addUser());
    await browser.open(at('/account/passkeys'));
    const packed = Buffer.from([0x66, ...Buffer.from('packed')]);
    const attestation = new SoftKey(site).create(askedOf(browser.page?.text ?? '', 'enroll'), {}, packed);
    const answer = await post(browser, '/account/passkeys', { action: 'add-passkey', attestation });
    expect(recoveryCodesOf(answer)).toHaveLength(10);
  });

  it('twenty are kept, and no more', async () => {
    const { browser } = await personWithKey();
    for (let n = 1; n < 20; n++) expect((await enroll(browser)).answer.status).toBe(200);
    expect((await enroll(browser)).answer.status).toBe(422);
  });
});

describe('a login by a passkey alone (WebAuthn 7.2)', () => {
  it('needs no name and no password, ends at the dispatcher, and tells phr and its methods', async () => {
    const { user, key } = await personWithKey();
    const registered = await provider.addClient({ consentRequired: false });
    const { parameters, proof } = authorizationRequest(registered.client, { acr_values: 'phr' });
    const browser = new Browser();
    await browser.open(authorizeUrl(provider, parameters));
    const asked = askedOf(browser.page?.text ?? '', 'login');
    expect(asked).toMatchObject({ userVerification: 'required' });
    expect(asked.allowCredentials ?? []).toEqual([]);
    const answer = await logInWith(browser, key.get(asked));
    const code = new URL(answer.location ?? '').searchParams.get('code') ?? '';
    const tokens = (await redeem(provider, registered, code, proof.verifier)).json<{ id_token: string }>();
    expect(claimsOf(tokens.id_token)).toMatchObject({ sub: user.id, amr: ['pop', 'user', 'mfa'], acr: 'phr' });
  });

  it.each<[string, Changes]>([
    ['whose authenticator verified nobody', { userVerified: false }],
    ['made for another site', { origin: 'https://evil.test' }],
    ['made for our host at another port', { origin: 'https://op.test:8443' }],
    ['bound to another host', { rpId: 'evil.test' }],
    ['of another type', { type: 'webauthn.create' }],
    ['made inside a frame of another site', { crossOrigin: true }],
    ['with a broken signature', { breaksSignature: true }],
    ['of a key that was copied: its count has not grown', { counter: 0 }],
    ['that names another person', { userHandle: Buffer.from('somebody else').toString('base64url') }],
    ['of a credential that nobody has', { credentialId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['for a challenge that is not ours', { challenge: 'AAAA' }],
  ])('%s is refused', async (_name, changes) => {
    const { key } = await personWithKey();
    const before = await loginPage();
    expect((await logInWith(before, key.get(askedOf(before.page?.text ?? '', 'login')))).status).toBe(200);
    const browser = await loginPage();
    const answer = await logInWith(browser, key.get(askedOf(browser.page?.text ?? '', 'login'), changes));
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('That passkey didn’t work');
    expect(await isHome(browser)).toBe(false);
  });

  it('an assertion works once, and in its own browser alone', async () => {
    const { key } = await personWithKey();
    const browser = await loginPage();
    const assertion = key.get(askedOf(browser.page?.text ?? '', 'login'));
    const other = await loginPage();
    expect((await logInWith(other, assertion)).status).toBe(401);
    const twin = browser.clone();
    await twin.open(at('/login'));
    expect((await logInWith(browser, assertion)).status).toBe(200);
    expect((await logInWith(twin, assertion)).status).toBe(401);
    expect(await isHome(twin)).toBe(false);
  });

  it('an authenticator that does not count is let in, but no challenge twice', async () => {
    const { key } = await personWithKey();
    for (let round = 0; round < 2; round++) {
      const browser = await loginPage();
      const twin = browser.clone();
      await twin.open(at('/login'));
      const assertion = key.get(askedOf(browser.page?.text ?? '', 'login'), { counter: 0 });
      expect((await logInWith(browser, assertion)).status).toBe(200);
      expect((await logInWith(twin, assertion)).status).toBe(401);
    }
  });

  it('a challenge of the second-factor page is none of the login page', async () => {
    const { user, key } = await personWithKey();
    const browser = new Browser();
    await browser.open(at('/login'));
    await browser.submit({ username: user.username, password: user.password }, ours);
    expect(browser.address).toContain('/login/factor');
    const assertion = key.get(askedOf(browser.page?.text ?? '', 'factor'));
    await browser.open(at('/login?prompt=login'));
    expect((await logInWith(browser, assertion)).status).toBe(401);
  });

  it('a disabled account and a removed key are rejected', async () => {
    const { user, key } = await personWithKey();
    await provider.store.run((unit) =>
      unit.manager.query<unknown>(`UPDATE users SET disabled_at = 1 WHERE id = '${user.id}'`),
    );
    const browser = await loginPage();
    expect((await logInWith(browser, key.get(askedOf(browser.page?.text ?? '', 'login')))).status).toBe(401);
  });

  it('changes nothing without the token of the form', async () => {
    const { key } = await personWithKey();
    const browser = await loginPage();
    const assertion = key.get(askedOf(browser.page?.text ?? '', 'login'));
    expect((await post(browser, '/login/passkey', { assertion, csrf: 'x' })).status).toBe(403);
    expect(await isHome(browser)).toBe(false);
  });

  it('records nothing for made-up credentials', async () => {
    const count = async (): Promise<number> => {
      const rows = await provider.store.reader.query<{ count: number | string }[]>(
        'SELECT COUNT(*) AS count FROM audit_events',
      );
      return Number(rows[0]?.count);
    };
    const browser = await loginPage();
    const before = await count();
    for (let n = 0; n < 5; n++) {
      const stranger = new SoftKey(site);
      expect((await logInWith(browser, stranger.get(askedOf(browser.page?.text ?? '', 'login')))).status).toBe(401);
      await browser.open(at('/login'));
    }
    expect(await count()).toBe(before);
  });
});

describe('a passkey as the second factor', () => {
  async function half(user: Person): Promise<Browser> {
    const browser = new Browser();
    await browser.open(at('/login'));
    await browser.submit({ username: user.username, password: user.password }, ours);
    expect(browser.address).toContain('/login/factor');
    return browser;
  }
  const give = (browser: Browser, assertion: string): Promise<Answer> =>
    post(browser, '/login/factor', { action: 'passkey', assertion });

  it('is one of their own, with or without verification of the person', async () => {
    const { user, key } = await personWithKey();
    for (const userVerified of [true, false]) {
      const browser = await half(user);
      const asked = askedOf(browser.page?.text ?? '', 'factor');
      expect(asked.allowCredentials).toMatchObject([{ id: key.id.toString('base64url') }]);
      expect((await give(browser, key.get(asked, { userVerified }))).status).toBe(200);
      expect(await isHome(browser)).toBe(true);
    }
  });

  it("is not another person's, nor one that was used before", async () => {
    const [ada, bob] = [await personWithKey(), await personWithKey()];
    const browser = await half(ada.user);
    const asked = askedOf(browser.page?.text ?? '', 'factor');
    expect((await give(browser, bob.key.get(asked))).status).toBe(401);
    const assertion = ada.key.get(asked, { counter: 0 });
    const twin = browser.clone();
    expect((await give(browser, assertion)).status).toBe(200);
    // The same browser, half logged in once more.
    await twin.open(at('/login?prompt=login'));
    await twin.submit({ username: ada.user.username, password: ada.user.password }, ours);
    expect(twin.address).toContain('/login/factor');
    expect((await give(twin, assertion)).status).toBe(401);
    expect(await isHome(twin)).toBe(false);
  });

  it('a code is no help where a client asks for phr; a passkey may be added on the way by whoever gave the code', async () => {
    const { user } = await personWithKey();
    const { client } = await provider.addClient({ consentRequired: false });
    const browser = new Browser();
    await browser.open(authorizeUrl(provider, authorizationRequest(client, { acr_values: 'phr' }).parameters));
    await browser.submit({ username: user.username, password: user.password }, ours);
    expect(browser.page?.text).toContain('requires a passkey');
    expect(fieldsOf(browser).some(([name]) => name === 'otp')).toBe(false);
  });

  it('is required after a password login once a key is registered', async () => {
    const { user } = await personWithKey();
    const browser = new Browser();
    await givePassword(provider, user, browser).catch(() => undefined);
    expect((await giveFactor(browser, { otp: '123456' }).catch(() => ({ status: 401 }))).status).not.toBe(200);
    expect(await isHome(browser)).toBe(false);
  });
});
