import { randomUUID } from 'node:crypto';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { generateSync } from 'otplib';
import { Passkeys } from '../../src/users/factors/passkeys.service';
import { RecoveryCodes } from '../../src/users/factors/recovery-codes.service';
import { newSeed } from '../../src/users/factors/totp';
import { TotpFactors } from '../../src/users/factors/totp.service';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { engines } from '../support/engines';
import { spendTwice } from '../support/interleave';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

// Whatever may be used once: two callers read it while it is unused, and only then does either of them spend it.
describe.each(engines)('credentials read by two requests, then consumed by both, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let now: EpochSeconds;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({ databaseUrl: await engine.migratedUrl(), env: { GATEHOUSE_THROTTLE: 'off' } });
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

  const token = (link: string, parameter: string): string => new URL(link).searchParams.get(parameter) ?? '';

  it('a one-time link is used once, and not after it expired', async () => {
    const links = provider.app.get(OneTimeLinks);
    const { id: userId } = await provider.addUser();
    const make = async (): Promise<string> =>
      token(await provider.store.run((unit) => links.create(unit, { userId, purpose: 'set-password' }, now)), 'token');
    const link = await make();
    const [a, b] = await readTwice(() => links.find(link, 'set-password', now));
    const outcomes = await spendTwice(provider, [
      (unit) => links.consume(unit, a.selector, now),
      (unit) => links.consume(unit, b.selector, now),
    ]);
    expect(outcomes).toEqual(once);
    const late = await links.find(await make(), 'set-password', now);
    const tomorrow = addSeconds(now, 86_400 * 30);
    expect(await provider.store.run((unit) => links.consume(unit, late?.selector ?? 0, tomorrow))).toBe(false);
  });

  it('an invitation is used once, and not after it expired', async () => {
    const invitations = provider.app.get(Invitations);
    const invite = async (): Promise<string> => {
      const whom = { email: `${randomUUID()}@invited.test`, roles: ['user'], createdBy: undefined };
      return token(await provider.store.run((unit) => invitations.invite(unit, whom, now)), 'invitation');
    };
    const link = await invite();
    const [a, b] = await readTwice(() => invitations.find(link, now));
    const outcomes = await spendTwice(provider, [
      (unit) => invitations.consume(unit, a.selector, now),
      (unit) => invitations.consume(unit, b.selector, now),
    ]);
    expect(outcomes).toEqual(once);
    const late = await invitations.find(await invite(), now);
    const expired = late?.expiresAt ?? now;
    expect(await provider.store.run((unit) => invitations.consume(unit, late?.selector ?? 0, expired))).toBe(false);
  });

  it('an invitation that was used is not withdrawn', async () => {
    const invitations = provider.app.get(Invitations);
    const whom = { email: `${randomUUID()}@invited.test`, roles: ['user'], createdBy: undefined };
    const link = token(await provider.store.run((unit) => invitations.invite(unit, whom, now)), 'invitation');
    const [a, b] = await readTwice(() => invitations.find(link, now));
    const outcomes = await spendTwice(provider, [
      (unit) => invitations.consume(unit, a.selector, now),
      async (unit) => (await invitations.withdraw(unit, b.selector)) !== undefined,
    ]);
    expect(outcomes).toEqual(once);
  });

  it('a time step of an authenticator app is consumed once (RFC 6238 5.2)', async () => {
    const totp = provider.app.get(TotpFactors);
    const { id } = await provider.addUser();
    const seed = newSeed();
    await provider.store.run((unit) => totp.add(unit, id, { seed, step: 1 }, now));
    const code = generateSync({ secret: seed, epoch: now });
    const [a, b] = await readTwice(() => totp.matchStep(id, code, now));
    const outcomes = await spendTwice(provider, [
      (unit) => totp.consume(unit, id, a, now),
      (unit) => totp.consume(unit, id, b, now),
    ]);
    expect(outcomes).toEqual(once);
    expect(await provider.store.run((unit) => totp.consume(unit, id, a - 1, now))).toBe(false);
  });

  it('an authenticator app that was locked since accepts no code', async () => {
    const totp = provider.app.get(TotpFactors);
    const { id } = await provider.addUser();
    const seed = newSeed();
    await provider.store.run((unit) => totp.add(unit, id, { seed, step: 1 }, now));
    const step = await totp.matchStep(id, generateSync({ secret: seed, epoch: now }), now);
    await provider.store.run(async (unit) => {
      for (let wrong = 0; wrong < 100; wrong++) await totp.countFailure(unit, id);
    });
    expect(await provider.store.run((unit) => totp.consume(unit, id, step ?? 0, now))).toBe(false);
  });

  it('a recovery code is consumed once', async () => {
    const codes = provider.app.get(RecoveryCodes);
    const { id } = await provider.addUser();
    const [code = ''] = await provider.store.run((unit) => codes.make(unit, id, now));
    expect([await codes.countLeft(id), await codes.countLeft(id)]).toEqual([10, 10]);
    const outcomes = await spendTwice(provider, [
      (unit) => codes.consume(unit, id, code, now),
      (unit) => codes.consume(unit, id, code, now),
    ]);
    expect(outcomes).toEqual(once);
    expect(await codes.countLeft(id)).toBe(9);
  });

  it('a count of signatures is accepted once (WebAuthn 7.2, step 22)', async () => {
    const passkeys = provider.app.get(Passkeys);
    const { id: userId } = await provider.addUser();
    const credential = {
      userId,
      credentialId: randomUUID(),
      publicKey: Buffer.from([1]),
      counter: 5,
      transports: [],
      synced: false,
      name: 'Key',
    };
    const id = (await provider.store.run((unit) => passkeys.add(unit, credential, now))) ?? '';
    const outcomes = await spendTwice(provider, [
      (unit) => passkeys.use(unit, id, 6, now),
      (unit) => passkeys.use(unit, id, 6, now),
    ]);
    expect(outcomes).toEqual(once);
  });
});
