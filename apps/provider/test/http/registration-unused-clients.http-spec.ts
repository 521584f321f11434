import { ClientStates } from '../../src/clients/client-states.service';
import { ClientsService } from '../../src/clients/clients.service';
import { PurgeService } from '../../src/jobs/purge.service';
import { authorize, startProvider, type TestProvider } from '../support/provider';
import { configuration, registered } from '../support/registration';
import { SetClientState } from '../../src/clients/operations/set-client-state';

describe('an unapproved registered client', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_REGISTRATION_UNUSED_LIFETIME: '86400' },
    });
  });
  afterAll(() => provider.close());

  it('goes when it is not used; one that is used or approved stays', async () => {
    const [unused, used, approved] = [
      await registered(provider),
      await registered(provider),
      await registered(provider),
    ];
    const states = provider.app.get(ClientStates);
    const clients = provider.app.get(ClientsService);
    const purge = provider.app.get(PurgeService);
    await provider.execute(SetClientState, { id: approved.client_id, decision: 'approve' });
    provider.clock.advance(80_000);
    await purge.purge();
    const client = await clients.find(used.client_id);
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser());
    await authorize(provider, browser, client);
    await clients.beforeApplicationShutdown();
    expect(await states.origin(used.client_id)).toMatchObject({ lastUsedAt: provider.clock.now() });
    expect(await states.origin(unused.client_id)).toMatchObject({
      lastUsedAt: undefined,
      registeredAddress: '127.0.0.1',
    });
    provider.clock.advance(10_000);
    expect(await purge.purge()).toBeGreaterThan(0);
    expect(await clients.findFresh(unused.client_id)).toBeUndefined();
    expect(await clients.findFresh(used.client_id)).toBeDefined();
    provider.clock.advance(90_000);
    await purge.purge();
    expect(await clients.findFresh(used.client_id)).toBeUndefined();
    expect(await clients.findFresh(approved.client_id)).toBeDefined();
    expect((await configuration(unused, 'GET')).status).toBe(401);
  });
});
