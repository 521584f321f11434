import { aClient } from '../../test/client.fixture.js';
import type { Client, ClientDraft } from './client.js';
import { adminOnlyProblems, ownerMayReplaceCredentials } from './client-rights.js';

const jwks = { keys: [{ kty: 'EC', kid: 'one' }] };

describe('adminOnlyProblems', () => {
  const fields = (draft: Partial<ClientDraft>, before?: Client): string[] =>
    adminOnlyProblems({ ...(before ?? aClient()), ...draft }, before).map(({ field }) => field);
  const withCredentials: Partial<ClientDraft> = {
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  };

  it('has none for a change of what is the owner’s', () =>
    expect(
      fields({ name: 'Other', redirectUris: ['https://other.test/'], scope: ['openid', 'write'] }, aClient()),
    ).toEqual([]));

  it.each<[string, string[], Partial<ClientDraft>, Client | undefined]>([
    ['a developer’s new client', ['grantTypes'], { ...withCredentials, source: 'developer' }, undefined],
    ['a client with an owner', ['grantTypes'], withCredentials, aClient({ ownerId: 'dora' })],
    ['a client that an administrator added', ['grantTypes'], withCredentials, aClient()],
    ['a client that registers itself (RFC 7591)', [], { ...withCredentials, source: 'registration' }, undefined],
    ['a client that registered itself', [], withCredentials, aClient({ source: 'registration' })],
    ['a metadata document', [], withCredentials, aClient({ source: 'metadata_document' })],
    [
      'a registered client with an owner',
      ['grantTypes'],
      withCredentials,
      aClient({ source: 'registration', ownerId: 'dora' }),
    ],
    [
      'a registered service account',
      ['grantTypes'],
      withCredentials,
      aClient({ source: 'registration', actsForItself: true }),
    ],
    ['a client that has it', [], withCredentials, aClient({ ownerId: 'dora', grantTypes: ['client_credentials'] })],
  ])('client_credentials for %s: %j', (_name, expected, draft, before) =>
    expect(fields(draft, before)).toEqual(expected),
  );

  it.each<[string[], Partial<ClientDraft>]>([
    [['authMethod'], { authMethod: 'client_secret_post' }],
    [['jwks'], { jwks: { keys: [{ kty: 'EC', kid: 'two' }] } }],
    [['jwks', 'jwksUri'], { jwks: undefined, jwksUri: 'https://dora.test/keys' }],
    [['grantTypes'], { grantTypes: ['client_credentials', 'authorization_code'] }],
    [['scope.1'], { scope: ['gatehouse:read', 'gatehouse:admin'] }],
    [[], { contacts: ['dora@dora.test'] }],
    [[], { grantTypes: ['client_credentials'], scope: ['gatehouse:read'] }],
  ])('of a client that may administrate: %j', (expected, draft) => {
    const before = aClient({
      ownerId: 'dora',
      authMethod: 'private_key_jwt',
      jwks,
      grantTypes: ['client_credentials'],
      scope: ['gatehouse:read'],
      actsForItself: true,
    });
    expect(fields(draft, before)).toEqual(expected);
  });
});

describe('ownerMayReplaceCredentials', () => {
  it.each<[boolean, string[]]>([
    [true, ['openid', 'roles', 'read']],
    [false, ['read', 'gatehouse:read']],
    [false, ['gatehouse:admin']],
  ])('%s for the scopes %j', (expected, scope) => expect(ownerMayReplaceCredentials({ scope })).toBe(expected));
});
