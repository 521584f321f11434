import { addSeconds, epochSeconds, sha256 } from '@gatehouse/domain/kernel';
import { migrateDown, openSource } from '@gatehouse/platform/database/open-store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { Interactions } from '../../src/protocol/authorization/interactions.service';
import { entities, migrations } from '../../src/schema';
import { engines, type TestEngine } from '../support/engines';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { Browser } from '../support/browser';

describe.each(engines)('the offer to continue on %s', (_name, makeEngine) => {
  let engine: TestEngine;
  let provider: TestProvider;
  beforeAll(async () => {
    engine = makeEngine();
    await engine.start();
    provider = await startProvider({ databaseUrl: await engine.migratedUrl() });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  it('is for its person, or for an hour for nobody, until it is dismissed; a step for it brings it back', async () => {
    const kept = provider.app.get(Interactions);
    const { app, store, clock } = provider;
    const { client } = await provider.addClient();
    const user = await provider.addUser();
    const browserHash = sha256('a browser');
    const offeredTo = async (userId: string | undefined, now = clock.now()) =>
      (await kept.findOffered({ browserHash, userId }, now))?.id;
    const userCode = 'BCDF-GHJK';
    const selector = app.get(SelectorSource).next();
    const device = { clientId: client.id, scope: [], resources: [], selector, userCode, expiresAt: epochSeconds(0) };
    const owner = { browserHash, addressKey: 'test', userId: undefined };
    const id = await store.run((unit) => kept.create(unit, { kind: 'device', device }, owner, clock.now()));
    expect(await offeredTo(undefined)).toBe(id);
    expect(await offeredTo(user.id)).toBe(id);
    expect(await offeredTo(user.id, addSeconds(clock.now(), 3600))).toBeUndefined();

    const found = await kept.find(id, browserHash, clock.now());
    if (!found) throw new Error('it was kept');
    const advance = () =>
      store.run((unit) => kept.advance(unit, found, 'loggedIn', { ...owner, userId: user.id }, clock.now()));
    await advance();
    expect(await offeredTo(undefined)).toBeUndefined();
    expect(await offeredTo('somebody-else')).toBeUndefined();
    expect(await offeredTo(user.id, addSeconds(clock.now(), 3600))).toBe(id);

    await store.run((unit) => kept.dismissAll(unit, sha256('another browser'), clock.now()));
    await store.run((unit) => kept.dismissAll(unit, browserHash, clock.now(), found));
    expect(await offeredTo(user.id)).toBe(id);
    await store.run((unit) => kept.dismissAll(unit, browserHash, clock.now()));
    expect(await offeredTo(user.id)).toBeUndefined();
    expect(await kept.find(id, browserHash, clock.now())).toBeDefined();
    await advance();
    expect(await offeredTo(user.id)).toBe(id);
  });

  it('ends with the columns: once they are reverted, requests that relied on them are deleted, others stay', async () => {
    const url = await engine.migratedUrl();
    const other = await startProvider({ databaseUrl: url });
    const { client } = await other.addClient();
    const request = () => authorizeUrl(other, authorizationRequest(client).parameters);
    const stranger = new Browser();
    await stranger.open(request());
    await (await other.logIn(await other.addUser())).open(request());
    const dismissing = new Browser();
    await dismissing.open(request());
    await dismissing.open(`${other.issuer}/login`);
    await dismissing.submit({}, { action: '/login/dismiss' });
    await other.close();

    const source = await openSource({ url, entities, migrations });
    try {
      const count = async () =>
        Number((await source.query<{ n: number }[]>('SELECT COUNT(*) AS n FROM kept_requests'))[0]?.n);
      expect(await count()).toBe(3);
      for (let name; name !== 'OfferedRequests1795950000730';) name = await migrateDown(source);
      expect(await count()).toBe(1);
    } finally {
      await source.destroy();
    }
  });
});
