import { clientProperties, clientPropertyNames, type Client, type ClientPropertyName } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { changeClient } from '../support/client-changes';
import { startDocumentServer, type DocumentServer } from '../support/document-server';
import { send } from '../support/browser';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, register, registered } from '../support/registration';

const redirectUri = 'https://app.test/callback';
const otherUri = 'https://app.test/other';

/** Every property that only others may set, whatever is added to the table. */
const withheld = clientPropertyNames.filter((name) => clientProperties[name].setBy !== 'registration');

describe('the registrant of a client', () => {
  let documents: DocumentServer;
  let provider: TestProvider;
  let ownerId: string;
  let strangerId: string;
  beforeAll(async () => {
    documents = await startDocumentServer(redirectUri);
    provider = await startProvider({
      env: {
        GATEHOUSE_REGISTRATION: 'open',
        GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open',
        GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1/32',
        GATEHOUSE_THROTTLE: 'off',
      },
    });
    ownerId = (await provider.addUser({ roles: ['developer'] })).id;
    strangerId = (await provider.addUser({ roles: ['developer'] })).id;
  });
  afterAll(async () => {
    await documents.close();
    await provider.close();
  });

  const stored = async (id: string): Promise<Client> => {
    const client = await provider.app.get(ClientsService).findFresh(id);
    if (!client) throw new Error('no client');
    return client;
  };

  /** Another value than the client has, in JSON; one that would be good if an administrator sent it, where that matters. */
  function otherValue(name: ClientPropertyName, client: Client): unknown {
    switch (clientProperties[name].codec) {
      case 'flag':
        return client[name] !== true;
      case 'number':
        return 12_345;
      case 'list':
      case 'exchange_rules':
        return ['https://elsewhere.test/'];
      case 'scope':
        return 'email';
      case 'object':
        return {};
      case 'text': {
        const good: Partial<Record<ClientPropertyName, string>> = {
          ownerId: strangerId,
          defaultRedirectUri: otherUri,
          securityProfile: 'fapi-2-security',
        };
        return good[name] ?? 'other';
      }
    }
  }

  /** What an administrator decided, so that it can be seen to be kept. */
  const decided = { consentRequired: false, secondFactorRequired: true, serviceAccount: true };

  const uris = { redirect_uris: [redirectUri, otherUri], scope: 'openid email' };

  it.each(withheld)('does not set %s (RFC 7591)', async (name) => {
    const plain = await stored((await registered(provider, uris)).client_id);
    const { wire, setBy } = clientProperties[name];
    const answer = await register(provider, { ...uris, [wire]: otherValue(name, plain) });
    if (setBy === 'approved_registration') {
      expect(answer.json()).toMatchObject({ error: 'invalid_client_metadata' });
      return;
    }
    expect(answer.status).toBe(201);
    const made = await stored(String(answer.json()['client_id']));
    expect([name, made[name]]).toEqual([name, plain[name]]);
  });

  it.each(withheld)('does not change %s (RFC 7592)', async (name) => {
    const made = await registered(provider, uris);
    await changeClient(provider, made.client_id, { ...decided, pkceRequired: true, defaultScope: ['openid'] });
    const before = await stored(made.client_id);
    const { wire, setBy } = clientProperties[name];
    const metadata = { ...metadataOf(made), [wire]: otherValue(name, before) };
    const answer = await configuration(made, 'PUT', { metadata });
    expect([name, answer.status]).toEqual([name, setBy === 'approved_registration' ? 400 : 200]);
    const after = await stored(made.client_id);
    expect([name, after[name]]).toEqual([name, before[name]]);
    expect(after).toMatchObject({ ...decided, defaultScope: ['openid'] });
  });

  it.each(withheld)('does not change %s by a metadata document', async (name) => {
    const id = `${documents.origin}/${name}.json`;
    const open = async (): Promise<void> => {
      const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
      await send(authorizeUrl(provider, parameters));
    };
    documents.says = uris;
    await open();
    await changeClient(provider, id, { ...decided, ownerId, defaultScope: ['openid'] });
    const before = await stored(id);
    documents.says = { ...uris, contacts: ['new@app.test'], [clientProperties[name].wire]: otherValue(name, before) };
    provider.clock.advance(601);
    await open();
    const after = await stored(id);
    const isRefused = clientProperties[name].setBy === 'approved_registration';
    expect(after.contacts).toEqual(isRefused ? [] : ['new@app.test']);
    expect([name, after[name]]).toEqual([name, before[name]]);
    expect(after).toMatchObject({ ...decided, ownerId, defaultScope: ['openid'] });
  });
});
