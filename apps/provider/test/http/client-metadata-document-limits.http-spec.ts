import type { Client } from '@gatehouse/domain/oauth';
import { ClientStates } from '../../src/clients/client-states.service';
import { ClientsService } from '../../src/clients/clients.service';
import type { Answer } from '../support/browser';
import { startDocumentServer, type DocumentServer } from '../support/document-server';
import { authorizationRequest, post, startProvider, type TestProvider } from '../support/provider';

const redirectUri = 'https://app.test/callback';

describe('clients with a metadata document that their first request names at an endpoint for clients', () => {
  let provider: TestProvider;
  let servers: readonly DocumentServer[];
  beforeAll(async () => {
    servers = await Promise.all(Array.from({ length: 6 }, () => startDocumentServer(redirectUri)));
    for (const server of servers)
      server.says = { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] };
  });
  beforeEach(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open',
        GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1/32',
        GATEHOUSE_REGISTRATION_RATE: '100/3600',
      },
    });
  });
  afterEach(() => provider.close());
  afterAll(async () => {
    for (const server of servers) await server.close();
  });

  const requests: Readonly<Record<string, (clientId: string) => Promise<Answer>>> = {
    '/oauth/par': (id) => {
      const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
      return post(`${provider.base}/oauth/par`, parameters as Record<string, string>);
    },
    '/oauth/device': (id) => post(`${provider.base}/oauth/device`, { client_id: id, scope: 'openid' }),
  };

  it.each(Object.entries(requests))('are counted by the address of the request at %s', async (_path, ask) => {
    const statuses: number[] = [];
    for (let n = 0; n < 20; n++) {
      // Each minute six documents, each on a host of its own.
      provider.clock.advance(61);
      for (const { origin } of servers) statuses.push((await ask(`${origin}/client-${n}.json`)).status);
    }
    const made = statuses.filter((status) => status === 200 || status === 201).length;
    expect([made, statuses.filter((status) => status === 429).length]).toEqual([100, 20]);
    const { clients } = await provider.app.get(ClientsService).list({ limit: 200 });
    expect(clients).toHaveLength(100);
    expect(await provider.app.get(ClientStates).origin(clients[0]?.id ?? '')).toMatchObject({
      registeredAddress: '127.0.0.1',
    });
  });
});
