import { missingScopes } from '@gatehouse/domain/oauth';
import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { entities, migrations } from '../../src/schema';
import { ConsentPerResource1795950000201 as Step } from '../../src/database/migrations/20261129-consent-per-resource';
import { ConsentsService } from '../../src/consents/consents.service';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

const a = 'https://a.example/';
const b = 'https://b.example/';

describe.each(engines)('consents on %s', (_name, engineOf) => {
  const engine = engineOf();
  let url: string;
  let provider: TestProvider;
  let userId: string;
  let clientId: string;

  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => {
    url = await engine.migratedUrl();
    provider = await startProvider({ databaseUrl: url });
    userId = (await provider.addUser()).id;
    clientId = (await provider.addClient()).client.id;
  });
  afterEach(() => provider.close());

  const consents = (): ConsentsService => provider.app.get(ConsentsService);
  const record = (scope: string[], resources: string[] = []): Promise<void> =>
    provider.store.run((unit) => consents().record(unit, { userId, clientId, scope, resources }, provider.clock.now()));
  /** A row as the version before this one writes it: every scope and every API in one set each. */
  const writeAsBefore = async (scope: string[], resources: string[]): Promise<void> => {
    await provider.store.run(
      async (unit) =>
        void (await unit.manager.query(
          `UPDATE consents SET scope = '${JSON.stringify(scope)}', resources = '${JSON.stringify(resources)}'
           WHERE user_id = '${userId}' AND client_id = '${clientId}'`,
        )),
    );
  };
  const missing = async (scope: string[], resources: string[] = []): Promise<readonly string[] | undefined> => {
    const found = await consents().find(userId, clientId);
    if (!found) throw new Error('no consent');
    return missingScopes(found, { scope, resources });
  };

  it('keep the scopes of each API apart, and list them so', async () => {
    await record(['openid', 'read'], [a]);
    await record(['openid', 'write'], [b]);
    await record(['other']);
    expect(await missing(['openid', 'read'], [a])).toBeUndefined();
    expect(await missing(['openid', 'write'], [b])).toBeUndefined();
    expect(await missing(['other'])).toBeUndefined();
    expect(await missing(['write'], [a])).toEqual(['write']);
    expect(await missing(['read'], [b])).toEqual(['read']);
    expect(await missing(['read'])).toEqual(['read']);
    const [listed] = await consents().listOf(userId);
    expect(listed).toMatchObject({ scope: ['openid', 'other'], claims: [] });
    expect([...(listed?.resourceScopes ?? [])]).toEqual([
      [a, ['read']],
      [b, ['write']],
    ]);
  });

  it('keep both of two answers for one API that come at once', async () => {
    await Promise.all([record(['read'], [a]), record(['write'], [a])]);
    expect(await missing(['read', 'write'], [a])).toBeUndefined();
  });

  it('trust only scopes of this server in a row that names APIs in the columns of the version before', async () => {
    await record(['openid']);
    await writeAsBefore(['openid', 'profile', 'read', 'write'], [a, b]);
    expect(await missing(['openid', 'profile'])).toBeUndefined();
    expect(await missing(['read'])).toEqual(['read']);
    expect(await missing(['read'], [a])).toEqual(['read']);
    expect((await consents().listOf(userId))[0]?.scope).toEqual(['openid', 'profile']);
    // The next yes to one API does not bring back the rest.
    await record(['read'], [a]);
    expect(await missing(['openid', 'profile', 'read'], [a])).toBeUndefined();
    expect(await missing(['write'], [a])).toEqual(['write']);
    expect(await missing(['write'])).toEqual(['write']);
  });

  it('gain nothing when a process of the version before adds to a row during an upgrade', async () => {
    await record(['openid', 'read'], [a]);
    // What that process reads is a consent to this server alone, so that it asks for the API.
    expect(await provider.store.dataSource.query('SELECT scope, resources FROM consents')).toEqual([
      { scope: '["openid"]', resources: '[]' },
    ]);
    await writeAsBefore(['openid', 'write'], [b]);
    expect(await missing(['openid', 'read'], [a])).toBeUndefined();
    expect(await missing(['write'], [a])).toEqual(['write']);
    expect(await missing(['write'], [b])).toEqual(['write']);
  });

  it('leave no combined row behind when the migration is reverted', async () => {
    await record(['openid', 'read'], [a]);
    const other = (await provider.addUser()).id;
    await provider.store.run((unit) =>
      consents().record(unit, { userId: other, clientId, scope: ['openid'] }, provider.clock.now()),
    );
    await writeAsBefore(['openid', 'read', 'write'], [a, b]);
    const source = await openSource({ url, entities, migrations });
    try {
      // Later migrations are reverted first.
      for (let left = migrations.length - migrations.indexOf(Step); left > 1; left -= 1) await migrateDown(source);
      expect(await migrateDown(source)).toBe(Step.name);
      expect(await source.query('SELECT user_id, scope, resources FROM consents')).toEqual([
        { user_id: other, scope: '["openid"]', resources: '[]' },
      ]);
      await migrateUp(source);
    } finally {
      await source.destroy();
    }
  });
});
