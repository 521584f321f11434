import { openSource } from '@gatehouse/platform/database/open-store';
import { statement } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../src/clients/clients.service';
import { entities, migrations } from '../../src/schema';
import { ServiceAccounts1795950000701 } from '../../src/database/migrations/20261129-service-accounts';
import { engines } from '../support/engines';
import { startProvider } from '../support/provider';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';

jest.setTimeout(120_000);

describe.each(engines)('the step that ends unmeant service accounts on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it('ends those without the grant type, and those that make an owner an administrator, and no others', async () => {
    const url = await engine.migratedUrl();
    const provider = await startProvider({ databaseUrl: url });
    const source = await openSource({ url, entities, migrations });
    try {
      const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
      const machine = { grantTypes: ['client_credentials'], redirectUris: [], serviceAccount: true };
      const add = async (name: string, draft: object): Promise<string> =>
        (await provider.addClient({ name, serviceAccount: true, ...draft })).client.id;
      const ids = {
        login: await add('Login', { ownerId }),
        administrating: await add('Administrating', { ...machine, scope: ['read', 'gatehouse:read'] }),
        owned: await add('Owned', { ...machine, ownerId, scope: ['read', 'not.gatehouse:read'] }),
        terraform: await add('Terraform', { ...machine, scope: ['gatehouse:admin'] }),
      };
      // Refused by now; versions before stored it.
      const setOwner = statement('test.set_owner', 'UPDATE clients SET owner_id = $2 WHERE id = $1');
      await provider.store.run((unit) => unit.change(setOwner, ids.administrating, ownerId));
      const version = statement('test.version', "SELECT version FROM cache_versions WHERE topic = 'clients'");
      await provider.execute(RotateClientSecret, { id: ids.owned, overlapSeconds: 0 });
      const before = await provider.store.one<{ version: number }>(version);
      const runner = source.createQueryRunner();
      await new ServiceAccounts1795950000701().up(runner);
      await runner.release();
      const acts = async (id: string) => (await provider.app.get(ClientsService).findFresh(id))?.serviceAccount;
      expect(await Promise.all(Object.values(ids).map(acts))).toEqual([false, false, true, true]);
      expect(Number((await provider.store.one<{ version: number }>(version))?.version)).toBe(
        Number(before?.version) + 1,
      );
    } finally {
      await source.destroy();
      await provider.close();
    }
  });
});
