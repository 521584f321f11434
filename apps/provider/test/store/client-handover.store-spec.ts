import { ClientsService } from '../../src/clients/clients.service';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { AccessTokensService } from '../../src/tokens/access-tokens.service';
import { DeleteUser } from '../../src/users/operations/delete-user';
import { ownToken } from '../support/admin-api';
import { engines } from '../support/engines';
import { startProvider } from '../support/provider';
import { configuration, registered } from '../support/registration';

jest.setTimeout(120_000);

describe.each(engines)('credentials of a client that changes hands on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it('end: of an owner who is deleted, and of who registered it', async () => {
    const provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: { GATEHOUSE_REGISTRATION: 'open' },
    });
    const isGood = (id: string, secret: string): Promise<boolean> =>
      provider.app.get(ClientsService).verifySecret(id, secret, provider.clock.now());
    try {
      const owner = await provider.addUser({ roles: ['developer'] });
      const machine = { grantTypes: ['client_credentials'], redirectUris: [], scope: ['read'], serviceAccount: true };
      const owned = await provider.addClient({ ...machine, ownerId: owner.id });
      const token = await ownToken(provider, owned, 'read');
      const live = () => provider.app.get(AccessTokensService).findActive(token, provider.clock.now());
      expect([await isGood(owned.client.id, owned.secret), (await live())?.clientId]).toEqual([true, owned.client.id]);
      await provider.execute(DeleteUser, { id: owner.id });
      expect([await isGood(owned.client.id, owned.secret), await live()]).toEqual([false, undefined]);

      const made = await registered(provider);
      expect((await configuration(made, 'GET')).status).toBe(200);
      const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
      const { secret } = await provider.execute(UpdateClient, { id: made.client_id, properties: { ownerId } });
      expect([
        await isGood(made.client_id, secret ?? ''),
        await isGood(made.client_id, made.client_secret ?? ''),
      ]).toEqual([true, false]);
      await provider.execute(UpdateClient, { id: made.client_id, properties: { ownerId: undefined } });
      expect((await configuration(made, 'GET')).status).toBe(401);
    } finally {
      await provider.close();
    }
  });
});
