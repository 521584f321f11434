import { randomBytes, randomUUID } from 'node:crypto';
import { addSeconds, parseToken, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import { parseUserCode } from '@gatehouse/domain/oauth';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { AuthorizationCodes } from '../../src/protocol/authorization/authorization-codes.service';
import { DeviceAuthorizations } from '../../src/protocol/authorization/device-authorizations.service';
import { Interactions } from '../../src/protocol/authorization/interactions.service';
import { PushedRequests } from '../../src/protocol/authorization/pushed-requests.service';
import { InitialAccessTokens } from '../../src/clients/registration/initial-access-tokens.service';
import { GrantsService } from '../../src/grants/grants.service';
import { RefreshTokensService } from '../../src/tokens/refresh-tokens.service';
import { leaseSeconds, Outbox } from '../../src/outbox/outbox.service';
import { IdempotentResponses } from '../../src/replay/idempotent-responses.service';
import { ReplayCache } from '../../src/replay/replay-cache.service';
import { SessionsService } from '../../src/users/sessions/sessions.service';
import { engines } from '../support/engines';
import { raceAfterReading, spendTwice } from '../support/interleave';
import { push } from '../support/par';
import { authorize, startProvider, type TestProvider } from '../support/provider';
import { obtainRefreshToken, type Registered } from '../support/tokens';

jest.setTimeout(120_000);

// Whatever may be used once: two callers read it while it is unused, and only then does either of them consume it.
describe.each(engines)('read by two callers, then consumed by both, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let registered: Registered;
  let now: EpochSeconds;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({ databaseUrl: await engine.migratedUrl(), env: { GATEHOUSE_THROTTLE: 'off' } });
    registered = await provider.addClient({ consentRequired: false });
    now = provider.clock.now();
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  const once = ['spent', 'refused'];

  /** What a look-up returns to two callers before either continues. */
  async function readTwice<T>(find: () => Promise<T | undefined>): Promise<readonly [T, T]> {
    const [first, second] = [await find(), await find()];
    if (first === undefined || second === undefined) throw new Error('it could not be found');
    return [first, second];
  }

  it('an authorization code is consumed once (RFC 6749 4.1.2)', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const { code } = await authorize(provider, browser, registered.client);
    const codes = provider.app.get(AuthorizationCodes);
    const [a, b] = await readTwice(() => codes.find(code));
    expect([a.consumedAt, b.consumedAt]).toEqual([undefined, undefined]);
    const outcomes = await spendTwice(provider, [
      (unit) => codes.consume(unit, a.selector, now),
      (unit) => codes.consume(unit, b.selector, now),
    ]);
    expect(outcomes).toEqual(once);
    expect((await codes.find(code))?.consumedAt).toBe(now);
  });

  async function refreshToken(): Promise<string> {
    const browser = await provider.logIn(await provider.addUser());
    return (await obtainRefreshToken(provider, browser, registered)).refresh_token;
  }

  it('a refresh token that rotates is exchanged once (RFC 9700 4.14.2)', async () => {
    const text = await refreshToken();
    const tokens = provider.app.get(RefreshTokensService);
    const [a, b] = await readTwice(() => tokens.find(text));
    const outcomes = await spendTwice(provider, [
      (unit) => tokens.consume(unit, a, { successor: 1 as Selector, body: 'first', request: '' }, now),
      (unit) => tokens.consume(unit, b, { successor: 2 as Selector, body: 'second', request: '' }, now),
    ]);
    expect(outcomes).toEqual(once);
    expect(await tokens.findReplay(a, '', now)).toBe('first');
  });

  it('a non-rotating refresh token is not extended after another request has consumed it', async () => {
    const text = await refreshToken();
    const tokens = provider.app.get(RefreshTokensService);
    const [a, b] = await readTwice(() => tokens.find(text));
    const outcomes = await spendTwice(provider, [
      (unit) => tokens.consume(unit, a, { successor: 3 as Selector, body: 'first', request: '' }, now),
      (unit) => tokens.extend(unit, b, addSeconds(b.expiresAt, 3600)),
    ]);
    expect(outcomes).toEqual(once);
    expect((await tokens.find(text))?.expiresAt).toBe(a.expiresAt);
  });

  async function waitingDevice(): Promise<{ deviceCode: string; userCode: string }> {
    const request = { clientId: registered.client.id, scope: ['openid'], resources: [] };
    const issued = await provider.store.run((unit) => provider.app.get(DeviceAuthorizations).issue(unit, request, now));
    if (!issued) throw new Error('no device code was issued');
    return { deviceCode: issued.deviceCode, userCode: parseUserCode(issued.userCode) ?? '' };
  }

  it('a device code is exchanged once (RFC 8628 3.5)', async () => {
    const devices = provider.app.get(DeviceAuthorizations);
    const { deviceCode } = await waitingDevice();
    const [a, b] = await readTwice(() => devices.find(deviceCode));
    await provider.store.run((unit) => devices.approve(unit, a.selector, 1 as Selector, now));
    const outcomes = await spendTwice(provider, [
      (unit) => devices.consume(unit, a.selector, now),
      (unit) => devices.consume(unit, b.selector, now),
    ]);
    expect(outcomes).toEqual(once);
  });

  it('a device code that was not approved is not exchanged', async () => {
    const devices = provider.app.get(DeviceAuthorizations);
    const { deviceCode } = await waitingDevice();
    const device = await devices.find(deviceCode);
    await expect(
      provider.store.run((unit) => devices.consume(unit, device?.selector ?? (0 as Selector), now)),
    ).rejects.toThrow('no row changed');
  });

  it('a device is approved or denied once: the first answer stands (RFC 8628 3.3)', async () => {
    const devices = provider.app.get(DeviceAuthorizations);
    const denied = await waitingDevice();
    const [a, b] = await readTwice(() => devices.findPending(denied.userCode, now));
    const approvedLate = await spendTwice(provider, [
      (unit) => devices.deny(unit, a.selector, now),
      (unit) => devices.approve(unit, b.selector, 1 as Selector, now),
    ]);
    expect(approvedLate).toEqual(once);
    expect((await devices.find(denied.deviceCode))?.grantSelector).toBeUndefined();

    const approved = await waitingDevice();
    const [c, d] = await readTwice(() => devices.findPending(approved.userCode, now));
    const deniedLate = await spendTwice(provider, [
      (unit) => devices.approve(unit, c.selector, 1 as Selector, now),
      (unit) => devices.deny(unit, d.selector, addSeconds(now, 1)),
    ]);
    expect(deniedLate).toEqual(once);
    expect(await devices.find(approved.deviceCode)).toMatchObject({ decidedAt: now, grantSelector: 1 });
  });

  it('a device that expired after its page was shown is neither approved nor denied', async () => {
    const devices = provider.app.get(DeviceAuthorizations);
    const device = await devices.find((await waitingDevice()).deviceCode);
    if (!device) throw new Error('the device is gone');
    expect(await provider.store.run((unit) => devices.deny(unit, device.selector, device.expiresAt))).toBe(false);
    await expect(
      provider.store.run((unit) => devices.approve(unit, device.selector, 1 as Selector, device.expiresAt)),
    ).rejects.toThrow('no row changed');
  });

  it('a pushed request is used by one of two browsers (RFC 9126 4)', async () => {
    const { requestUri } = await push(provider, registered);
    const outcomes = await raceAfterReading(provider, { requests: 2 }, () =>
      provider.app
        .get(PushedRequests)
        .use(
          requestUri,
          registered.client,
          { browserHash: randomBytes(32), addressKey: 'test', userId: undefined },
          now,
        )
        .then(
          () => 'used',
          (error: unknown) => (error as { code?: string }).code,
        ),
    );
    expect(outcomes.sort()).toEqual(['invalid_request_uri', 'used']);
  });

  it('a jti is consumed once, by a unit of work that requires it and by one that checks it (RFC 7523 3, RFC 9449 11.1)', async () => {
    const replay = provider.app.get(ReplayCache);
    const use = () => ({ issuer: 'client', jti: randomUUID(), expiresAt: addSeconds(now, 60) });
    const proof = use();
    expect(await readTwice(() => replay.isUsed(proof, now))).toEqual([false, false]);
    const required = await spendTwice(provider, [
      (unit) => replay.requireUnused(unit, proof, now),
      (unit) => replay.requireUnused(unit, proof, now),
    ]);
    expect(required).toEqual(once);

    const { issuer, jti, expiresAt } = use();
    const asked = await spendTwice(provider, [
      (unit) => replay.use(unit, issuer, jti, expiresAt, now),
      (unit) => replay.use(unit, issuer, jti, expiresAt, now),
    ]);
    expect(asked).toEqual(once);
  });

  it('an authorization request is answered once', async () => {
    const kept = provider.app.get(Interactions);
    const owner = { browserHash: randomBytes(32), addressKey: 'test', userId: undefined };
    const id =
      (await provider.store.run((unit) =>
        kept.create(unit, { kind: 'address', address: 'https://issuer.test/home' }, owner, now),
      )) ?? '';
    const selector = parseToken(id)?.selector;
    if (selector === undefined) throw new Error('the request is not stored');
    await readTwice(() => kept.findOpen(selector, owner.browserHash, now));
    const outcomes = await spendTwice(provider, [
      (unit) => kept.claimAnswer(unit, id, owner.browserHash, now),
      (unit) => kept.claimAnswer(unit, id, owner.browserHash, now),
    ]);
    expect(outcomes).toEqual(once);
  });

  it('an initial access token of one use registers one client (RFC 7591 1.2)', async () => {
    const tokens = provider.app.get(InitialAccessTokens);
    const made = await provider.store.run((unit) => tokens.add(unit, { name: 'One', maxUses: 1 }, now));
    const [a, b] = await readTwice(() => tokens.findValid(made.token, now));
    const outcomes = await spendTwice(provider, [
      async (unit) => (await tokens.consume(unit, a.id, now)) !== undefined,
      async (unit) => (await tokens.consume(unit, b.id, now)) !== undefined,
    ]);
    expect(outcomes).toEqual(once);
  });

  it('an initial access token that expired since registers nothing', async () => {
    const tokens = provider.app.get(InitialAccessTokens);
    const made = await provider.store.run((unit) => tokens.add(unit, { name: 'Short', lifetimeSeconds: 60 }, now));
    expect(await provider.store.run((unit) => tokens.consume(unit, made.id, addSeconds(now, 60)))).toBeUndefined();
  });

  it('an idempotency key keeps the first answer', async () => {
    const answers = provider.app.get(IdempotentResponses);
    const id = randomUUID();
    expect([await answers.find(id, now), await answers.find(id, now)]).toEqual([undefined, undefined]);
    const keep = (answer: string) => ({ fingerprint: answers.fingerprintOf(Buffer.from('{}')), status: 201, answer });
    const outcomes = await spendTwice(provider, [
      (unit) => answers.keep(unit, id, keep('first'), now),
      (unit) => answers.keep(unit, id, keep('second'), now),
    ]);
    expect(outcomes).toEqual(once);
    expect((await answers.find(id, now))?.answer).toBe('first');
  });

  it('a session ends once, and so does a grant', async () => {
    const user = await provider.addUser();
    await provider.logIn(user);
    const sessions = provider.app.get(SessionsService);
    const [session] = await sessions.listOf(user.id, now);
    const id = session?.id ?? '';
    const ended = await spendTwice(provider, [
      async (unit) => (await sessions.end(unit, id, now)) !== undefined,
      async (unit) => (await sessions.end(unit, id, now)) !== undefined,
    ]);
    expect(ended).toEqual(once);

    const { code } = await authorize(provider, await provider.logIn(user), registered.client);
    const grant = (await provider.app.get(AuthorizationCodes).find(code))?.grantSelector ?? (0 as Selector);
    const grants = provider.app.get(GrantsService);
    const revoked = await spendTwice(provider, [
      (unit) => grants.revoke(unit, grant, now),
      (unit) => grants.revoke(unit, grant, now),
    ]);
    expect(revoked).toEqual(once);
  });

  it('no grant is created in a session that has ended since, and a grant that was revoked since is not used', async () => {
    const user = await provider.addUser();
    await provider.logIn(user);
    const sessions = provider.app.get(SessionsService);
    const grants = provider.app.get(GrantsService);
    const [session] = await sessions.listOf(user.id, now);
    const id = session?.id ?? '';
    const grant = {
      clientId: registered.client.id,
      userId: user.id,
      sessionId: id,
      scope: ['openid', 'offline_access'],
      resources: [],
      authTime: now,
      amr: [],
      acr: undefined,
      claims: undefined,
      expiresAt: addSeconds(now, 3600),
    };
    let selector = 0 as Selector;
    await provider.store.run((unit) => void (selector = grants.create(unit, grant, now)));
    const made = await spendTwice(provider, [
      async (unit) => (await sessions.end(unit, id, now)) !== undefined,
      (unit) => void grants.create(unit, grant, now),
    ]);
    expect(made).toEqual(once);
    const used = await spendTwice(provider, [
      (unit) => grants.revoke(unit, selector, now),
      (unit) => grants.use(unit, selector, addSeconds(now, 7200), now),
    ]);
    expect(used).toEqual(once);
  });

  describe('a message of the outbox', () => {
    const kind = {
      name: 'interleaved',
      lifetimeSeconds: 3600,
      maxAttempts: 3,
      maxAtOnce: 1,
      deliver: () => Promise.resolve({ outcome: 'delivered' as const }),
    };
    let outbox: Outbox;
    beforeAll(() => {
      // Apart from the application's, whose worker leaves kinds alone that it does not know.
      const { app, store } = provider;
      outbox = new Outbox(store, app.get(SelectorSource), app.get(Keyring));
      outbox.register(kind);
    });

    const due = (at: EpochSeconds) => outbox.due({ kind: kind.name, except: [], limit: 10 }, at);
    const add = () =>
      provider.store.run((unit) =>
        outbox.add(unit, { kind: kind.name, destination: 'https://one.test', payload: {} }, now),
      );

    it('is claimed by one of two workers', async () => {
      await add();
      const rows = await due(now);
      expect(rows).toHaveLength(1);
      const claimed = await raceAfterReading(provider, { requests: 2 }, () => outbox.claim(rows, now));
      expect(claimed.flat()).toHaveLength(1);
      for (const message of claimed.flat()) await provider.store.run((unit) => outbox.markDelivered(unit, message));
    });

    it('is left alone by a worker whose lease ended and was taken over', async () => {
      await add();
      const [slow] = await outbox.claim(await due(now), now);
      const later = addSeconds(now, leaseSeconds);
      expect(await due(addSeconds(now, leaseSeconds - 1))).toEqual([]);
      const [taken] = await outbox.claim(await due(later), later);
      if (!slow || !taken) throw new Error('it was not claimed twice');
      expect([slow.attempt, taken.attempt]).toEqual([1, 2]);
      await provider.store.run(async (unit) => {
        await outbox.postpone(unit, slow, later, 'too slow');
        await outbox.release(unit, slow, later);
        await outbox.giveUp(unit, slow, 'too slow', later);
        await outbox.markDelivered(unit, slow);
      });
      const [listed] = await outbox.list({ failedOnly: false, limit: 10 });
      expect(listed).toMatchObject({ state: 'being delivered', attempts: 2, dueAt: addSeconds(later, leaseSeconds) });
      await provider.store.run((unit) => outbox.markDelivered(unit, taken));
      expect(await outbox.list({ failedOnly: false, limit: 10 })).toEqual([]);
    });
  });
});
