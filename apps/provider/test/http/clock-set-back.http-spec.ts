import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addSeconds } from '@gatehouse/domain/kernel';
import { ManualClock, SystemClock } from '@gatehouse/platform/clock';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { keyKindNames } from '../../src/keys/key-kinds';
import { KeysService } from '../../src/keys/keys.service';
import { AuditChain } from '../../src/audit/audit-chain.service';
import { Lease } from '../../src/database/lease';
import { send } from '../support/browser';
import { buildProvider, runProvider, shiftedClock, spawnCommand } from '../support/processes';
import { post, startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

jest.setTimeout(120_000);

const hour = 3600;
const day = 24 * hour;

describe('after the clock was set back by an hour', () => {
  let folder: string;
  const running: TestProvider[] = [];
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'gatehouse-clock-'))));
  afterEach(async () => {
    for (const provider of running.splice(0)) await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A fresh install, and a process that starts on its database once the clock is behind. */
  async function restartAnHourBefore(): Promise<{ before: TestProvider; after: TestProvider }> {
    const databaseUrl = `sqlite:${join(folder, 'provider.sqlite')}`;
    const before = await startProvider({ databaseUrl });
    running.push(before);
    const after = await startProvider({
      databaseUrl,
      clock: new ManualClock(addSeconds(before.clock.now(), -hour)),
      env: { GATEHOUSE_SECRET_KEY: before.secretKey },
    });
    running.push(after);
    return { before, after };
  }

  const keySetOf = async (provider: TestProvider): Promise<JSONWebKeySet> =>
    (await send(`${provider.base}/.well-known/jwks.json`)).json<JSONWebKeySet>();

  it('signs with the keys of a fresh install, which begin to sign only later', async () => {
    const { after } = await restartAnHourBefore();
    expect((await send(`${after.base}/readyz`)).json()).toMatchObject({ checks: { keys: true } });
    const registered = await after.addClient({ consentRequired: false });
    const browser = await after.logIn(await after.addUser());
    const { id_token: idToken = '' } = await obtainTokens(after, browser, registered);
    const keys = await keySetOf(after);
    expect(keys.keys).toHaveLength(keyKindNames.length);
    await jwtVerify(idToken, createLocalJWKSet(keys), { currentDate: new Date(after.clock.milliseconds()) });

    const admin = await after.logIn(await after.addUser({ roles: ['admin'] }));
    expect((await admin.open(`${after.base}/key`)).text.match(/>Current</g)).toHaveLength(keyKindNames.length);
  });

  it('signs with new keys at once after a rotation for a leak, and goes on when the time of the leaked ones comes', async () => {
    const { after } = await restartAnHourBefore();
    const keys = after.app.get(KeysService);
    const now = after.clock.now();
    const present = await keys.published(now);
    const made = await keys.generate(keyKindNames);
    await after.store.run((unit) => keys.replaceAll(unit, made, { atOnce: true, present }, now));
    keys.forget();
    const currentKids = async (): Promise<string[]> =>
      Promise.all(keyKindNames.map(async (kind) => (await keys.current(kind, after.clock.now())).kid));
    const newKids = made.map(({ kid }) => kid);
    expect(await currentKids()).toEqual(newKids);
    after.clock.advance(hour);
    expect(await currentKids()).toEqual(newKids);
  });

  it('publishes new keys before they sign, as ever', async () => {
    const { after } = await restartAnHourBefore();
    const keys = after.app.get(KeysService);
    const now = after.clock.now();
    const made = await keys.generate(['ES256']);
    const present = await keys.published(now);
    await after.store.run((unit) => keys.replaceAll(unit, made, { atOnce: false, present }, now));
    keys.forget();
    expect((await keys.current('ES256', now)).kid).toBe(present.find(({ kind }) => kind === 'ES256')?.kid);
    expect((await keys.list()).find(({ kid }) => kid === made[0]?.kid)?.signsFrom).toBe(now + day);
  });

  it('takes keys out of the JWKS by the newest rotation, not by one that a clock ahead made', async () => {
    const { before } = await restartAnHourBefore();
    const keys = before.app.get(KeysService);
    const now = before.clock.now();
    const [ahead, leaked] = [addSeconds(now, 400 * day), await keys.current('ES256', now)];
    for (const at of [ahead, now]) {
      const made = await keys.generate(['ES256']);
      await before.store.run((unit) => keys.replaceAll(unit, made, { atOnce: true, present: [] }, at));
    }
    before.clock.advance(10 * day);
    keys.forget();
    const kids = (await keySetOf(before)).keys.map(({ kid }) => kid);
    expect(kids).not.toContain(leaked.kid);
    expect(kids).toHaveLength(keyKindNames.length);
  });

  it('goes on with jobs whose lease another clock took', async () => {
    const { before, after } = await restartAnHourBefore();
    expect(await new Lease(before.store, 'test', 60).hold(before.clock.now())).toBe(true);
    expect(await new Lease(after.store, 'test', 60).hold(after.clock.now())).toBe(true);
    // A difference of a moment is no reason to take a job away.
    expect(await new Lease(after.store, 'test', 60).hold(addSeconds(after.clock.now(), -60))).toBe(false);
  });

  it('starts, signs, and finds the audit log as it was written', async () => {
    await buildProvider();
    const databaseUrl = `sqlite:${join(folder, 'provider.sqlite')}`;
    const sealing = await startProvider({ databaseUrl, clock: new ManualClock(new SystemClock().now()) });
    await sealing.app.get(AuditChain).seal(Date.now() + 60_000);
    await sealing.close();
    const env = {
      GATEHOUSE_DATABASE_URL: databaseUrl,
      GATEHOUSE_SECRET_KEY: sealing.secretKey,
      ...shiftedClock(-hour),
    };
    const gatehouse = (words: string) => spawnCommand([...words.split(' '), '--json'], env);
    const provider = await runProvider(env);
    try {
      expect((await send(`${provider.base}/readyz`)).json()).toMatchObject({ status: 'ok' });
      expect((await gatehouse('resource add --identifier https://api.test/ --scope read')).code).toBe(0);
      const added = await gatehouse('client add --name Machine --service-account --scope read');
      const { client_id: id, client_secret: secret } = added.json<{ client_id: string; client_secret: string }>();
      const answer = await post(
        `${provider.base}/oauth/token`,
        { grant_type: 'client_credentials', resource: 'https://api.test/', scope: 'read' },
        { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      );
      expect(answer.status).toBe(200);
      const keys = (await send(`${provider.base}/.well-known/jwks.json`)).json<JSONWebKeySet>();
      const { payload } = await jwtVerify(
        answer.json<{ access_token: string }>().access_token,
        createLocalJWKSet(keys),
        { currentDate: new Date(Date.now() - hour * 1000) },
      );
      expect(payload['client_id']).toBe(id);
    } finally {
      expect(await provider.stop()).toBe(0);
    }
    expect((await gatehouse('audit verify')).json<{ seals: number; unsealed: number }>()).toMatchObject({ seals: 1 });
  });
});
