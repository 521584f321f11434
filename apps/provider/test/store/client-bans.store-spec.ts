import type { Client } from '@gatehouse/domain/oauth';
import { ClientStates } from '../../src/clients/client-states.service';
import { ClientsService } from '../../src/clients/clients.service';
import { PurgeService } from '../../src/jobs/purge.service';
import { Browser } from '../support/browser';
import { startDocumentServer, type DocumentServer } from '../support/document-server';
import { engines } from '../support/engines';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { register, registered } from '../support/registration';
import { DeleteClient } from '../../src/clients/operations/delete-client';
import { SetClientState } from '../../src/clients/operations/set-client-state';

jest.setTimeout(120_000);

const redirectUri = 'https://client.test/cb';
const unusedSeconds = 86_400;

describe.each(engines)('the purge of unused clients on %s', (_name, engineOf) => {
  const engine = engineOf();
  let documents: DocumentServer;
  let provider: TestProvider;
  beforeAll(async () => {
    await engine.start();
    documents = await startDocumentServer(redirectUri);
  });
  afterAll(async () => {
    await documents.close();
    await engine.stop();
  });
  beforeEach(async () => {
    provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: {
        GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open',
        GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1/32',
        GATEHOUSE_REGISTRATION: 'open',
        GATEHOUSE_REGISTRATION_QUOTA: '3',
        GATEHOUSE_REGISTRATION_UNUSED_LIFETIME: String(unusedSeconds),
      },
    });
  });
  afterEach(() => provider.close());

  type Decision = 'disable' | 'restrict' | 'enable' | 'unrestrict';
  const decide = async (decision: Decision, id: string): Promise<boolean> =>
    (await provider.execute(SetClientState, { id, decision })).changed;
  const fresh = (id: string): Promise<Client | undefined> => provider.app.get(ClientsService).findFresh(id);
  const goesAt = async (id: string) => (await provider.app.get(ClientStates).origin(id))?.goesAt;
  const pass = async (seconds: number): Promise<void> => {
    provider.clock.advance(seconds);
    await provider.app.get(PurgeService).purge();
  };
  const open = async (id: string): Promise<void> => {
    const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
    await new Browser().send(authorizeUrl(provider, parameters));
  };

  it.each(['disable', 'restrict'] as const)('keeps a client that an administrator decided to %s', async (decision) => {
    const decided = (await registered(provider)).client_id;
    const undecided = (await registered(provider)).client_id;
    expect(await goesAt(decided)).toBe(provider.clock.now() + unusedSeconds);
    await decide(decision, decided);
    expect(await goesAt(decided)).toBeUndefined();
    await pass(10 * unusedSeconds);
    expect(await fresh(decided)).toMatchObject({
      [decision === 'disable' ? 'disabledAt' : 'restrictedAt']: expect.any(Number) as number,
    });
    expect(await fresh(undecided)).toBeUndefined();
  });

  it.each(['disable', 'restrict'] as const)(
    'does not bring a metadata-document client back unrestricted after %s',
    async (decision) => {
      const id = `${documents.origin}/${decision}.json`;
      await open(id);
      await decide(decision, id);
      await pass(unusedSeconds + 1);
      await open(id);
      expect(await fresh(id)).toMatchObject({
        [decision === 'disable' ? 'disabledAt' : 'restrictedAt']: expect.any(Number) as number,
      });
    },
  );

  it.each([
    ['disable', 'enable'],
    ['restrict', 'unrestrict'],
  ] as const)('restarts the unused lifetime of a client after %s and %s', async (ban, lift) => {
    const id = (await registered(provider)).client_id;
    await decide(ban, id);
    await pass(10 * unusedSeconds);
    await decide(lift, id);
    expect(await goesAt(id)).toBe(provider.clock.now() + unusedSeconds);
    await pass(unusedSeconds - 1);
    expect(await fresh(id)).toBeDefined();
    await pass(1);
    expect(await fresh(id)).toBeUndefined();
  });

  it('rejects to delete a metadata-document client as long as its restriction would be lost by that', async () => {
    const id = `${documents.origin}/deleted.json`;
    await open(id);
    await decide('disable', id);
    const remove = () => provider.execute(DeleteClient, { id });
    await expect(remove()).rejects.toThrow('come back');
    expect(await fresh(id)).toBeDefined();
    await decide('enable', id);
    await remove();
    await expect(remove()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('does not count the clients that it keeps for a ban against the quota of their address', async () => {
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push((await registered(provider)).client_id);
    const metadata = { redirect_uris: [redirectUri] };
    expect((await register(provider, metadata)).status).toBe(429);
    await decide('disable', ids[0] ?? '');
    await decide('restrict', ids[1] ?? '');
    expect((await register(provider, metadata)).status).toBe(201);
    expect((await register(provider, metadata)).status).toBe(201);
    expect((await register(provider, metadata)).status).toBe(429);
  });
});
