import { createRemoteJWKSet, jwtVerify } from 'jose';
import { CacheVersions } from '../../src/database/cache-versions.service';
import { Outbox } from '../../src/outbox/outbox.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser } from '../support/browser';
import { eventually } from '../support/eventually';
import { startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { claimsOf, isActive, obtainRefreshToken, obtainTokens, purge, type Registered } from '../support/tokens';
import { DeleteClient } from '../../src/clients/operations/delete-client';

jest.setTimeout(60_000);

describe('back-channel logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  let provider: TestProvider;
  let receiver: LogoutReceiver;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' } });
    receiver = await startLogoutReceiver();
  });
  afterAll(async () => {
    await provider.close();
    await receiver.close();
  });
  beforeEach(() => {
    receiver.got.length = 0;
    receiver.answer = () => 200;
  });

  let clients = 0;
  /** A client with an address of its own, so that no test sees another's messages. */
  const addClient = async (more: Parameters<TestProvider['addClient']>[0] = {}) => {
    const path = `/backchannel-${++clients}`;
    const registered = await provider.addClient({
      name: `Client ${clients}`,
      consentRequired: false,
      backchannelLogoutUri: `${receiver.origin}${path}`,
      ...more,
    });
    return { ...registered, path };
  };
  const logOut = async (browser: Browser) => {
    await browser.open(`${provider.issuer}/logout`);
    expect((await browser.submit({ logout: 'yes' })).status).toBe(200);
  };
  const failures = () => provider.app.get(Outbox).list({ failedOnly: true, limit: 100 });
  const nothingWaits = () =>
    eventually(
      async () => (await provider.app.get(Outbox).backlog()).waiting,
      (count) => count === 0,
    );

  it.each(['RS256', 'ES256', 'EdDSA', 'PS256'])(
    'posts a logout token signed with the ID token algorithm %s, typed, and with every claim of 2.4',
    async (algorithm) => {
      const client = await addClient({ idTokenSignedResponseAlg: algorithm });
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      const idToken = claimsOf((await obtainTokens(provider, browser, client)).id_token);
      await logOut(browser);
      const [received] = await receiver.arrived(1, client.path);
      expect(received).toMatchObject({ method: 'POST', contentType: 'application/x-www-form-urlencoded' });
      expect([...(received?.fields.keys() ?? [])]).toEqual(['logout_token']);
      const keys = createRemoteJWKSet(new URL(`${provider.issuer}/.well-known/jwks.json`));
      const { payload, protectedHeader } = await jwtVerify(received?.token ?? '', keys, {
        issuer: provider.issuer,
        audience: client.client.id,
        typ: 'logout+jwt',
        algorithms: [algorithm],
        currentDate: new Date(provider.clock.now() * 1000),
      });
      expect(protectedHeader.alg).toBe(algorithm);
      expect(payload).toEqual({
        iss: provider.issuer,
        sub: idToken['sub'],
        aud: client.client.id,
        iat: provider.clock.now(),
        exp: provider.clock.now() + 120,
        jti: expect.any(String) as string,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        sid: idToken['sid'],
      });
      expect(payload).not.toHaveProperty('nonce');
    },
  );

  it('tells every client of the session, and none of another session or without an address (2.3)', async () => {
    const [one, two, stranger] = [await addClient(), await addClient(), await addClient()];
    const silent = await provider.addClient({ consentRequired: false });
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const elsewhere = await provider.logIn(user);
    for (const client of [one, two, silent]) await obtainTokens(provider, browser, client);
    // The same person in another browser: another session, which goes on.
    const kept = await obtainTokens(provider, elsewhere, stranger);
    await logOut(browser);
    await receiver.arrived(1, one.path);
    await receiver.arrived(1, two.path);
    expect(await nothingWaits()).toBe(0);
    expect(receiver.got).toHaveLength(2);
    expect(await isActive(provider, stranger, kept.access_token)).toBe(true);
  });

  it('ends refresh tokens of the session but those of offline_access (2.7)', async () => {
    const client = await addClient();
    const browser = await provider.logIn(await provider.addUser());
    const online = await obtainTokens(provider, browser, client);
    const offline = await obtainRefreshToken(provider, browser, client);
    await logOut(browser);
    await receiver.arrived(1, client.path);
    expect(await isActive(provider, client, online.access_token)).toBe(false);
    expect(await isActive(provider, client, offline.refresh_token)).toBe(true);
  });

  it('tells a client whose grants are long gone, as long as the session lives', async () => {
    const client = await addClient();
    const browser = await provider.logIn(await provider.addUser());
    await obtainTokens(provider, browser, client);
    for (let hours = 0; hours < 5; hours++) {
      provider.clock.advance(3600);
      await browser.open(`${provider.issuer}/home`);
      await purge(provider);
    }
    const rows = await provider.store.reader.query<unknown[]>(
      `SELECT 1 FROM grants WHERE client_id = '${client.client.id}'`,
    );
    expect(rows).toHaveLength(0);
    await logOut(browser);
    await receiver.arrived(1, client.path);
  });

  describe('is sent when a session is ended by', () => {
    type Ending = (of: { user: Awaited<ReturnType<TestProvider['addUser']>>; browser: Browser }) => Promise<unknown>;
    const admin = async () => {
      const user = await provider.addUser({ roles: ['admin'] });
      return provider.logIn(user);
    };
    const endings: readonly [string, Ending][] = [
      ['/logout', ({ browser }) => logOut(browser)],
      [
        'the account page, in another browser',
        async ({ user }) => {
          const other = await provider.logIn(user);
          await other.open(`${provider.issuer}/account`);
          await other.submit({ action: 'end-other-sessions' }, { action: '/account' });
        },
      ],
      ['a changed password', async ({ user }) => changePassword(await provider.logIn(user), user.password)],
      [
        'an administrator who switches the account off',
        async ({ user }) => {
          const browser = await admin();
          await browser.open(`${provider.issuer}/user/update/${user.id}`);
          await browser.submit({}, { action: `/user/disable/${user.id}` });
        },
      ],
      [
        'an administrator who deletes the account',
        async ({ user }) => {
          const browser = await admin();
          await browser.open(`${provider.issuer}/user/delete/${user.id}`);
          await browser.submit({ username: user.username });
        },
      ],
      [
        'a one-time link for a new password',
        async ({ user }) => {
          const link = await provider.store.run((unit) =>
            provider.app
              .get(OneTimeLinks)
              .create(unit, { userId: user.id, purpose: 'set-password' }, provider.clock.now()),
          );
          const browser = new Browser();
          await browser.open(link);
          await browser.submit({ password: 'quite another pass phrase' });
        },
      ],
      [
        'another person who logs in in this browser',
        async ({ browser }) => {
          const other = await provider.addUser();
          const asking = await provider.addClient();
          await browser.open(
            authorizeUrl(provider, authorizationRequest(asking.client, { prompt: 'login' }).parameters),
          );
          await browser.submit({ username: other.username, password: other.password });
        },
      ],
    ];
    const changePassword = async (browser: Browser, password: string) => {
      await browser.open(`${provider.issuer}/account`);
      await browser.submit(
        { action: 'password', currentPassword: password, newPassword: 'another long pass phrase' },
        { action: '/account' },
      );
    };

    it.each(endings)('%s', async (_name, end) => {
      const client = await addClient();
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      const { sid } = claimsOf((await obtainTokens(provider, browser, client)).id_token);
      await end({ user, browser });
      const [received] = await receiver.arrived(1, client.path);
      expect(received?.claims).toMatchObject({ sid, sub: user.id });
    });

    it('and not when it merely expires', async () => {
      const client = await addClient();
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      await obtainTokens(provider, browser, client);
      provider.clock.advance(60 * 24 * 3600);
      await purge(provider);
      await provider.logIn(user, browser);
      expect(await nothingWaits()).toBe(0);
      expect(receiver.got).toEqual([]);
    });
  });

  describe('that does not arrive', () => {
    const loggedOut = async (client: Registered) => {
      const browser = await provider.logIn(await provider.addUser());
      await obtainTokens(provider, browser, client);
      await logOut(browser);
    };

    it.each([500, 503, 404, 429, 301])(
      'after %d it is sent again later, with a fresh jti and times',
      async (status) => {
        const client = await addClient();
        receiver.answer = () => status;
        await loggedOut(client);
        await receiver.arrived(1, client.path);
        const later = provider.clock.now() + 300;
        await eventually(
          () => provider.app.get(Outbox).list({ failedOnly: false, limit: 100 }),
          (messages) => messages.every(({ state }) => state === 'waiting'),
        );
        receiver.answer = () => 204;
        provider.clock.advance(300);
        const [first, second] = await receiver.arrived(2, client.path);
        expect(await nothingWaits()).toBe(0);
        expect(second?.claims['jti']).not.toBe(first?.claims['jti']);
        expect(second?.claims).toMatchObject({ iat: later, exp: later + 120, sid: first?.claims['sid'] });
        expect(receiver.got.map(({ path }) => path)).not.toContain('/elsewhere');
      },
    );

    it('is given up after three times 400, which is a refusal (2.8)', async () => {
      const client = await addClient();
      receiver.answer = () => 400;
      await loggedOut(client);
      for (let attempt = 1; attempt <= 3; attempt++) {
        await receiver.arrived(attempt, client.path);
        await eventually(
          () => provider.app.get(Outbox).list({ failedOnly: false, limit: 100 }),
          (messages) => messages.every(({ state }) => state !== 'being delivered'),
        );
        provider.clock.advance(60);
      }
      expect(await nothingWaits()).toBe(0);
      expect(await failures()).toContainEqual(
        expect.objectContaining({ destination: receiver.origin, lastFailure: 'status 400', attempts: 3 }),
      );
    });

    it('holds up neither the person who logs out nor the other clients', async () => {
      const slow = await startLogoutReceiver();
      slow.answer = () => 'hang';
      try {
        const [hanging, quick] = [
          await addClient({ backchannelLogoutUri: `${slow.origin}/hanging` }),
          await addClient(),
        ];
        const browser = await provider.logIn(await provider.addUser());
        await obtainTokens(provider, browser, hanging);
        await obtainTokens(provider, browser, quick);
        const began = Date.now();
        await logOut(browser);
        await receiver.arrived(1, quick.path);
        expect(Date.now() - began).toBeLessThan(5000);
        await slow.arrived(1);
      } finally {
        await slow.close();
      }
    });

    it('is not sent to a client that was removed or no longer has a logout URI', async () => {
      const client = await addClient();
      receiver.answer = () => 503;
      await loggedOut(client);
      await receiver.arrived(1, client.path);
      await provider.execute(DeleteClient, { id: client.client.id });
      await provider.app.get(CacheVersions).refresh();
      provider.clock.advance(600);
      const given = await eventually(failures, (list) =>
        list.some(({ lastFailure }) => lastFailure?.includes('client')),
      );
      expect(given).toContainEqual(
        expect.objectContaining({ lastFailure: 'the client no longer has a back-channel logout URI' }),
      );
      expect(receiver.got).toHaveLength(1);
    });
  });

  it('goes to no private address that is not allowed, and says so to the operator', async () => {
    const strict = await startProvider();
    try {
      const client = await strict.addClient({
        consentRequired: false,
        backchannelLogoutUri: `${receiver.origin}/private`,
      });
      const browser = await strict.logIn(await strict.addUser());
      await obtainTokens(strict, browser, client);
      await browser.open(`${strict.issuer}/logout`);
      await browser.submit({ logout: 'yes' });
      const [failed] = await eventually(
        () => strict.app.get(Outbox).list({ failedOnly: true, limit: 10 }),
        (list) => list.length > 0,
      );
      expect(failed).toMatchObject({ lastFailure: 'not allowed: address', destination: receiver.origin });
      expect(receiver.got).toEqual([]);
    } finally {
      await strict.close();
    }
  });

  it('is offered in the metadata (2.1)', async () => {
    const metadata = (await new Browser().send(`${provider.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
  });
});
