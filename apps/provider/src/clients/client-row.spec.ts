import { epochSeconds } from '@gatehouse/domain/kernel';
import { checkClientMetadata, columnPropertyNames, type Client, type ClientDraft } from '@gatehouse/domain/oauth';
import type { ClientEntity } from './client.entity';
import { toClient, toRow } from './client-row';

describe('the row of a client', () => {
  const createdAt = epochSeconds(1_800_000_000);

  function checked(changes: Partial<ClientDraft>): Client {
    const outcome = checkClientMetadata({
      id: 'a',
      createdAt,
      name: 'A',
      type: 'confidential',
      authMethod: 'client_secret_basic',
      redirectUris: ['https://a.test/cb'],
      postLogoutRedirectUris: [],
      grantTypes: ['authorization_code'],
      scope: ['openid'],
      ...changes,
    });
    if ('problems' in outcome) throw new Error(JSON.stringify(outcome.problems));
    return outcome.client;
  }

  function stored(client: Client): ClientEntity {
    return {
      ...toRow(client),
      createdAt,
      updatedAt: createdAt,
      lastUsedAt: null,
      registeredAddress: null,
      registeredWith: null,
      registrationTokenHash: null,
      credentialsVersion: 0,
    };
  }

  it.each<[string, Partial<ClientDraft>]>([
    ['with defaults only', {}],
    ['without a redirect URI', { grantTypes: ['client_credentials'], redirectUris: [] }],
    [
      'with non-default values',
      {
        ownerId: 'owner',
        applicationType: 'native',
        pkceRequired: false,
        consentRequired: false,
        secondFactorRequired: true,
        serviceAccount: true,
        contacts: ['people@a.test'],
        requireAuthTime: true,
        approvedAt: createdAt,
        disabledAt: createdAt,
        restrictedAt: createdAt,
      },
    ],
  ])('returns the same client: %s', (_what, changes) => {
    const client = checked(changes);
    expect(toClient(stored(client))).toEqual(client);
  });

  it('has null where the client has no value, and a column for every property that has one', () => {
    const row = toRow(checked({ grantTypes: ['client_credentials'], redirectUris: [] }));
    expect(row).toMatchObject({ ownerId: null, defaultRedirectUri: null });
    expect(Object.keys(row)).toEqual(expect.arrayContaining([...columnPropertyNames]));
    expect(Object.values(row)).not.toContain(undefined);
  });
});
