import { Browser } from '../support/browser';
import { addApp, giveFactor, givePassword, linkTo, recoveryCodesOf, scan } from '../support/factors';
import { changed, fieldsOf, sendFields } from '../support/forms';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { claimsOf } from '../support/tokens';

const multiFactor = 'http://schemas.openid.net/pape/policies/2007/06/multi-factor';

describe('who else can require a second factor', () => {
  let provider: TestProvider;
  // A page of a stranger's login on an IP address: passkeys are impossible here.
  beforeEach(async () => (provider = await startProvider()));
  afterEach(() => provider.close());

  const at = (path: string): string => `${provider.base}${path}`;

  async function admin(): Promise<Browser> {
    return provider.logIn(await provider.addUser({ roles: ['admin'] }));
  }

  async function demandOf(role: string, by: Browser): Promise<void> {
    await by.open(at('/user/roles'));
    const csrf = fieldsOf(by).filter(([name]) => name === 'csrf');
    expect((await sendFields(by, [...csrf, ['secondFactor', role]], '/user/roles')).status).toBe(303);
  }

  it('a role: its users add one at the next page, also in an open session', async () => {
    const user = await provider.addUser({ roles: ['developer'] });
    const browser = await provider.logIn(user);
    await demandOf('developer', await admin());
    await browser.open(at('/client'));
    expect(browser.address).toContain('/login/factor');
    expect(browser.page?.text).toContain('Set up a second step');
    const app = scan(provider, browser);
    expect((await giveFactor(browser, { action: 'add-app', otp: '000000' })).status).toBe(422);
    expect(scan(provider, browser).secret).toBe(app.secret);
    const added = await giveFactor(browser, { action: 'add-app', otp: app.code() });
    expect(recoveryCodesOf(added)).toHaveLength(10);
    await browser.open(linkTo(browser, '/oauth/authorize/'));
    expect(browser.address).toBe(at('/client'));

    // Others are left alone.
    await provider.logIn(await provider.addUser());
  });

  it('... and users who log in later for a client; prompt=none finds no session', async () => {
    const user = await provider.addUser();
    await demandOf('user', await admin());
    const { client } = await provider.addClient({ consentRequired: false });
    const browser = new Browser();
    const { parameters } = authorizationRequest(client);
    await browser.open(authorizeUrl(provider, parameters));
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/login/factor');
    const silent = await browser.clone().open(authorizeUrl(provider, { ...parameters, prompt: 'none' }));
    expect(answerOf(silent).get('error')).toBe('login_required');
    const added = await giveFactor(browser, { action: 'add-app', otp: scan(provider, browser).code() });
    expect(added.text).toContain(`continue to ${client.name}`);
    expect(answerOf(await browser.open(linkTo(browser, '/oauth/authorize/'))).has('code')).toBe(true);
  });

  it('... but a factor is added only by a fresh login', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    await demandOf('user', await admin());
    provider.clock.advance(601);
    await browser.open(at('/home'));
    expect(browser.address).toContain('/login/factor');
    expect(browser.page?.text).toContain('Sign in again');
    expect(browser.page?.text).not.toContain('totp-secret');
    await browser.open(linkTo(browser, '/login?request='));
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/login/factor');
    expect(browser.page?.text).toContain('totp-secret');
  });

  it('only an administrator changes the requirements of roles', async () => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    expect((await browser.open(at('/user/roles'))).status).toBe(403);
  });

  it('a client: an administrator sets it, its owner cannot lift it', async () => {
    const owner = await provider.addUser({ roles: ['developer'] });
    const { client } = await provider.addClient({ consentRequired: true, ownerId: owner.id });
    const boss = await admin();
    await boss.open(at(`/client/update/${client.id}/advanced`));
    await sendFields(
      boss,
      changed(fieldsOf(boss, `/client/update/${client.id}`), { secondFactorRequired: 'yes', action: 'save' }),
      `/client/update/${client.id}`,
    );
    const browser = await provider.logIn(owner);
    const page = await browser.open(at(`/client/update/${client.id}/advanced`));
    expect(page.text).not.toContain('secondFactorRequired');
    await sendFields(
      browser,
      changed(fieldsOf(browser, `/client/update/${client.id}`), { name: 'Another name', action: 'save' }),
      `/client/update/${client.id}`,
    );
    await boss.open(at(`/client/update/${client.id}/advanced`));
    expect(fieldsOf(boss, `/client/update/${client.id}`)).toEqual(
      expect.arrayContaining([['secondFactorRequired', 'yes']]),
    );
    await boss.open(at(`/client/update/${client.id}`));
    expect(fieldsOf(boss, `/client/update/${client.id}`)).toContainEqual(['name', 'Another name']);

    await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(browser.address).toContain('/login/factor');
  });

  it('a client that requires one gets one: stepped up in an open session, whose date stays (RFC 9470)', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const app = await addApp(provider, browser);
    // A trusted browser: its later logins rest on the password alone.
    provider.clock.advance(60);
    const trusted = new Browser();
    await givePassword(provider, user, trusted);
    await giveFactor(trusted, { otp: app.code(), trust: '7' });
    provider.clock.advance(60);
    await trusted.open(at('/logout'));
    await trusted.submit({ logout: 'yes' });
    await trusted.open(at('/login'));
    await givePassword(provider, user, trusted);
    expect(trusted.address).toBe(at('/home'));
    const loggedInAt = provider.clock.now();

    provider.clock.advance(60);
    const registered = await provider.addClient({ consentRequired: false, secondFactorRequired: true });
    const { parameters, proof } = authorizationRequest(registered.client);
    await trusted.open(authorizeUrl(provider, parameters));
    expect(trusted.address).toContain('/login/factor');
    expect(trusted.page?.text).not.toContain('name="trust"');
    const answer = answerOf(await giveFactor(trusted, { otp: app.code() }));
    const tokens = await redeem(provider, registered, answer.get('code') ?? '', proof.verifier);
    expect(claimsOf(tokens.json<{ id_token: string }>().id_token)).toMatchObject({
      amr: ['pwd', 'otp', 'mfa'],
      acr: multiFactor,
      auth_time: loggedInAt,
    });
  });

  describe('acr', () => {
    const demands = [
      ['acr_values', { acr_values: `1 ${multiFactor}` }],
      [
        'the claim acr, essential',
        { claims: JSON.stringify({ id_token: { acr: { essential: true, values: [multiFactor] } } }) },
      ],
      ['the claim acr, voluntary', { claims: JSON.stringify({ id_token: { acr: { value: multiFactor } } }) }],
    ] as const;

    it.each(demands)('%s: the person adds a factor, or goes back with the refusal', async (_name, asked) => {
      const { client } = await provider.addClient({ consentRequired: false });
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      const { parameters } = authorizationRequest(client, asked);
      await browser.open(authorizeUrl(provider, parameters));
      expect(browser.address).toContain('/login/factor');
      const refusing = browser.clone();
      await refusing.open(browser.address);
      const denied = answerOf(await giveFactor(refusing, { action: 'decline' }));
      expect(Object.fromEntries(denied)).toMatchObject({
        error: 'unmet_authentication_requirements',
        state: 'some-state',
        iss: provider.issuer,
      });
      await giveFactor(browser, { action: 'add-app', otp: scan(provider, browser).code() });
      expect(answerOf(await browser.open(linkTo(browser, '/oauth/authorize/'))).has('code')).toBe(true);
    });

    it.each([
      ['acr_values', { acr_values: 'phr' }],
      [
        'the claim acr, essential',
        { claims: JSON.stringify({ id_token: { acr: { essential: true, value: 'gold' } } }) },
      ],
    ])('%s that nothing here meets is refused at once', async (_name, asked) => {
      const { client } = await provider.addClient({ consentRequired: false });
      const answer = await new Browser().open(authorizeUrl(provider, authorizationRequest(client, asked).parameters));
      expect(answerOf(answer).get('error')).toBe('unmet_authentication_requirements');
    });

    it('unknown acr_values change nothing (OpenID Connect Core 3.1.2.1, voluntary)', async () => {
      const { client } = await provider.addClient({ consentRequired: false });
      const browser = await provider.logIn(await provider.addUser());
      const answer = await browser.open(
        authorizeUrl(provider, authorizationRequest(client, { acr_values: '1 2' }).parameters),
      );
      expect(answerOf(answer).has('code')).toBe(true);
    });

    it('acr_values_supported lists what is real: without a host name no passkey', async () => {
      const list = async (base: string) =>
        (await new Browser().send(`${base}/.well-known/openid-configuration`)).json<{
          acr_values_supported: string[];
        }>().acr_values_supported;
      expect(await list(provider.base)).toEqual([
        multiFactor,
        'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      ]);
      const named = await startProvider({ env: { GATEHOUSE_ISSUER: 'https://op.test' } });
      try {
        expect((await list(named.base))[0]).toBe('phr');
      } finally {
        await named.close();
      }
    });
  });
});
