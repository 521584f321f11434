import { generateSync } from 'otplib';
import { Challenges } from '../../src/users/factors/challenges.service';
import { Passkeys } from '../../src/users/factors/passkeys.service';
import { RecoveryCodes } from '../../src/users/factors/recovery-codes.service';
import { TotpFactors } from '../../src/users/factors/totp.service';
import { TrustedBrowserEntity } from '../../src/users/factors/trusted-browser.entity';
import { newSeed } from '../../src/users/factors/totp';
import { Browser } from '../support/browser';
import { engines } from '../support/engines';
import { addApp, giveFactor, givePassword } from '../support/factors';
import { startProvider, type TestProvider } from '../support/provider';
import { purge } from '../support/tokens';

jest.setTimeout(120_000);

const hundred = Array.from({ length: 100 }, (_each, index) => index);

describe.each(engines)('second factors on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({ databaseUrl: await engine.migratedUrl(), env: { GATEHOUSE_THROTTLE: 'off' } });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  /** How many of a hundred at once got it. */
  async function winners(spend: () => Promise<boolean>): Promise<number> {
    const outcomes = await Promise.all(hundred.map(() => spend()));
    return outcomes.filter(Boolean).length;
  }

  it('a time step is consumed by one of a hundred requests, and no earlier one afterwards', async () => {
    const user = await provider.addUser();
    const totp = provider.app.get(TotpFactors);
    const now = provider.clock.now();
    const seed = newSeed();
    const added = await Promise.all(
      hundred.map(() => provider.store.run((unit) => totp.add(unit, user.id, { seed, step: 1 }, now))),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    const step = await totp.matchStep(user.id, generateSync({ secret: seed, epoch: now }), now);
    if (step === undefined) throw new Error('the code was right');
    expect(await winners(() => provider.store.run((unit) => totp.consume(unit, user.id, step, now)))).toBe(1);
    expect(await provider.store.run((unit) => totp.consume(unit, user.id, step - 1, now))).toBe(false);
    expect(await provider.store.run((unit) => totp.consume(unit, user.id, step + 1, now))).toBe(true);
  });

  it('a recovery code, a challenge and a signature counter are consumed by one of a hundred requests', async () => {
    const user = await provider.addUser();
    const now = provider.clock.now();
    const codes = provider.app.get(RecoveryCodes);
    const [code = ''] = await provider.store.run((unit) => codes.make(unit, user.id, now));
    expect(await winners(() => provider.store.run((unit) => codes.consume(unit, user.id, code, now)))).toBe(1);
    expect(await codes.countLeft(user.id)).toBe(9);

    const challenges = provider.app.get(Challenges);
    const place = { purpose: 'login', browserId: 'b', userId: '' } as const;
    const sent = Buffer.from(challenges.make(place, now)).toString('base64url');
    expect(challenges.isGenuine(place, sent, now)).toBe(true);
    expect(await winners(() => provider.store.run((unit) => challenges.consume(unit, sent, now)))).toBe(1);

    const passkeys = provider.app.get(Passkeys);
    const credential = {
      userId: user.id,
      credentialId: `credential-${user.id}`,
      publicKey: Buffer.from([1, 2, 3]),
      counter: 5,
      transports: ['usb'],
      synced: true,
      name: 'Key',
    };
    const made = await Promise.all(
      hundred.map(() => provider.store.run((unit) => passkeys.add(unit, credential, now))),
    );
    const [id = ''] = made.filter((each) => each !== undefined);
    expect(made.filter((each) => each !== undefined)).toHaveLength(1);
    expect(await passkeys.findByCredential(credential.credentialId)).toMatchObject({
      ...credential,
      id,
      userId: user.id,
    });
    expect(await winners(() => provider.store.run((unit) => passkeys.use(unit, id, 6, now)))).toBe(1);
    expect(await provider.store.run((unit) => passkeys.use(unit, id, 0, now))).toBe(false);
  });

  it('a code that twenty browsers send at once logs one of them in', async () => {
    const user = await provider.addUser();
    const app = await addApp(provider, await provider.logIn(user));
    provider.clock.advance(30);
    const browsers = await Promise.all(
      hundred.slice(0, 20).map(async () => {
        const browser = new Browser();
        await givePassword(provider, user, browser);
        return browser;
      }),
    );
    const answers = await Promise.all(browsers.map((browser) => giveFactor(browser, { otp: app.code() })));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  it('what has expired is purged, and everything goes with its person', async () => {
    const user = await provider.addUser();
    const app = await addApp(provider, await provider.logIn(user));
    provider.clock.advance(30);
    const browser = new Browser();
    await givePassword(provider, user, browser);
    await giveFactor(browser, { otp: app.code(), trust: '1' });
    const count = () => provider.store.reader.getRepository(TrustedBrowserEntity).countBy({ userId: user.id });
    expect(await count()).toBe(1);
    provider.clock.advance(24 * 3600);
    await purge(provider);
    expect(await count()).toBe(0);
    await provider.store.run((unit) => unit.manager.query<unknown>(`DELETE FROM users WHERE id = '${user.id}'`));
    for (const table of ['totp_factors', 'recovery_codes', 'passkeys', 'trusted_browsers'])
      expect(
        await provider.store.reader.query<unknown[]>(`SELECT 1 FROM ${table} WHERE user_id = '${user.id}'`),
      ).toHaveLength(0);
  });
});
