import { epochSeconds } from '../kernel/index.js';
import { plainMetadata } from './client-metadata.js';
import { checkClientMetadata, type Client, type ClientDraft } from './client.js';

type Draft = ClientDraft & { readonly id: string; readonly createdAt: Client['createdAt'] };

const draft = (changes: Partial<Draft> = {}): Draft => ({
  id: 's6BhdRkqt3',
  name: 'Example',
  type: 'confidential',
  authMethod: 'client_secret_basic',
  redirectUris: ['https://client.example.com/cb'],
  postLogoutRedirectUris: [],
  grantTypes: ['authorization_code'],
  scope: ['openid', 'profile'],
  createdAt: epochSeconds(1_800_000_000),
  ...changes,
});

const clientOf = (changes: Partial<Draft> = {}): Client => {
  const checked = checkClientMetadata(draft(changes));
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems));
  return checked.client;
};

const fieldsOf = (changes: Partial<Draft>): readonly string[] => {
  const checked = checkClientMetadata(draft(changes));
  return 'problems' in checked ? checked.problems.map((problem) => problem.field) : [];
};

const uris = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `https://client.example.com/${index}`);

describe('checkClientMetadata', () => {
  it.each([
    ['admin', ['gatehouse:admin', 'gatehouse:read'], []],
    ['developer', ['gatehouse:admin'], []],
    ['registration', ['openid', 'gatehouse:read'], ['scope.1']],
    ['metadata_document', ['gatehouse:admin'], ['scope.0']],
    ['admin', ['gatehouse:all'], ['scope.0']],
  ] as const)('a client of the source %s with the scope %j has problems at %j', (source, scope, fields) => {
    expect(fieldsOf({ source, scope })).toEqual(fields);
  });

  it.each([
    [['read', 'gatehouse:admin'], 'dora', ['scope.1']],
    [['gatehouse:read'], 'dora', ['scope.0']],
    [['openid', 'roles'], 'dora', []],
    [['read', 'gatehouse:admin'], undefined, []],
  ] as const)('a client with the scope %j and the owner %s has problems at %j', (scope, ownerId, fields) => {
    expect(fieldsOf({ scope, ownerId })).toEqual(fields);
  });

  it('fills in what a draft leaves open', () => {
    expect(clientOf()).toEqual({
      ...plainMetadata,
      id: 's6BhdRkqt3',
      name: 'Example',
      type: 'confidential',
      applicationType: 'web',
      authMethod: 'client_secret_basic',
      redirectUris: ['https://client.example.com/cb'],
      defaultRedirectUri: 'https://client.example.com/cb',
      postLogoutRedirectUris: [],
      grantTypes: ['authorization_code'],
      responseTypes: ['code'],
      scope: ['openid', 'profile'],
      defaultScope: [],
      idTokenSignedResponseAlg: 'RS256',
      pkceRequired: true,
      consentRequired: true,
      serviceAccount: false,
      tokenExchange: [],
      resourceServer: false,
      secondFactorRequired: false,
      ownerId: undefined,
      source: 'admin',
      approvedAt: undefined,
      createdAt: 1_800_000_000,
      disabledAt: undefined,
    });
  });

  it('says everything that is wrong at once', () => {
    expect(fieldsOf({ name: ' ', type: 'x', authMethod: 'y', grantTypes: [], redirectUris: ['/cb'] })).toEqual([
      'name',
      'type',
      'authMethod',
      'grantTypes',
      'redirectUris.0',
    ]);
  });

  it.each<[string, Partial<Draft>]>([
    [
      'a native public client',
      { type: 'public', authMethod: 'none', applicationType: 'native', redirectUris: ['com.example.app:/cb'] },
    ],
    ['a confidential client without PKCE', { pkceRequired: false }],
    ['a client that only acts for itself', { grantTypes: ['client_credentials'], redirectUris: [], scope: ['read'] }],
    ['a client without scopes', { scope: [] }],
    ['the credentials of an API', { resourceServer: true, grantTypes: [], redirectUris: [], scope: [] }],
    ['the other algorithms', { idTokenSignedResponseAlg: 'EdDSA' }],
    ['fifty redirect URIs', { redirectUris: uris(50) }],
    [
      'a chosen default',
      { redirectUris: uris(2), defaultRedirectUri: 'https://client.example.com/1', defaultScope: ['openid'] },
    ],
    ['a name in any script', { name: 'Müller & Söhne 東京' }],
    ['a name of 200 characters', { name: 'n'.repeat(200) }],
  ])('allows %s', (_name, changes) => {
    expect(fieldsOf(changes)).toEqual([]);
  });

  it.each<[string, Partial<Draft>, string]>([
    ['a name of spaces', { name: '   ' }, 'name'],
    ['a name of 201 characters', { name: 'n'.repeat(201) }, 'name'],
    ['a line break in the name', { name: 'a\nb' }, 'name'],
    ['a name that turns the reading direction', { name: 'a\u202eb' }, 'name'],
    ['an unknown type', { type: 'trusted' }, 'type'],
    ['an unknown application type', { applicationType: 'desktop' }, 'applicationType'],
    ['an unknown authentication method', { authMethod: 'password' }, 'authMethod'],
    ['a public client with a secret', { type: 'public' }, 'authMethod'],
    ['a confidential client that does not authenticate', { authMethod: 'none' }, 'authMethod'],
    ['an unknown grant type', { grantTypes: ['authorization_code', 'password'] }, 'grantTypes'],
    ['a name that every object has as grant type', { grantTypes: ['authorization_code', 'constructor'] }, 'grantTypes'],
    ['a grant type of an API’s credentials', { resourceServer: true }, 'grantTypes'],
    ['no grant type', { grantTypes: [], redirectUris: [] }, 'grantTypes'],
    ['refresh tokens alone', { grantTypes: ['refresh_token'], redirectUris: [] }, 'grantTypes'],
    [
      'client credentials of a public client (RFC 6749 4.4)',
      { type: 'public', authMethod: 'none', grantTypes: ['client_credentials'], redirectUris: [] },
      'grantTypes',
    ],
    ['an unknown response type', { responseTypes: ['code', 'token'] }, 'responseTypes'],
    ['a code grant without response type', { responseTypes: [] }, 'responseTypes'],
    [
      'a token from the authorization endpoint without the grant type implicit (RFC 7591 2.1)',
      { responseTypes: ['code', 'id_token'] },
      'grantTypes',
    ],
    [
      'the grant type implicit without such a response type',
      { grantTypes: ['authorization_code', 'implicit'], responseTypes: ['code'] },
      'responseTypes',
    ],
    [
      'a response type without code grant (RFC 7591 2.1)',
      { grantTypes: ['client_credentials'], responseTypes: ['code'], redirectUris: [] },
      'responseTypes',
    ],
    ['a code grant without redirect URI', { redirectUris: [] }, 'redirectUris'],
    ['51 redirect URIs', { redirectUris: uris(51) }, 'redirectUris'],
    ['a bad redirect URI, by its place', { redirectUris: [...uris(2), 'http://example.com/cb'] }, 'redirectUris.2'],
    [
      'a bad post-logout redirect URI, by its place',
      { postLogoutRedirectUris: ['javascript:alert(1)'] },
      'postLogoutRedirectUris.0',
    ],
    ['51 post-logout redirect URIs', { postLogoutRedirectUris: uris(51) }, 'postLogoutRedirectUris'],
    [
      'a default that is not registered',
      { defaultRedirectUri: 'https://client.example.com/cb2' },
      'defaultRedirectUri',
    ],
    ['a bad scope, by its place', { scope: ['openid', 'a b'] }, 'scope.1'],
    ['101 scopes', { scope: Array.from({ length: 101 }, (_, index) => `s${index}`) }, 'scope'],
    ['a default scope that it may not ask for', { defaultScope: ['email'] }, 'defaultScope'],
    ['an unknown algorithm', { idTokenSignedResponseAlg: 'none' }, 'idTokenSignedResponseAlg'],
    [
      'a public client without PKCE (RFC 9700 2.1.1)',
      { type: 'public', authMethod: 'none', pkceRequired: false },
      'pkceRequired',
    ],
  ])('refuses %s', (_name, changes, field) => {
    expect(fieldsOf(changes)).toEqual([field]);
  });

  it('keeps response types in one spelling, whatever the order of their words', () => {
    expect(
      clientOf({
        grantTypes: ['authorization_code', 'implicit'],
        responseTypes: ['token id_token code', 'code', 'id_token code'],
      }).responseTypes,
    ).toEqual(['code id_token token', 'code', 'code id_token']);
  });

  it('names a repeated bad address at the place where it stands, and keeps a repeated good one once', () => {
    expect(fieldsOf({ redirectUris: [...uris(1), ...uris(1), '/cb'] })).toEqual(['redirectUris.2']);
    expect(clientOf({ redirectUris: [...uris(1), ...uris(1)], scope: ['a', 'a'] })).toMatchObject({
      redirectUris: uris(1),
      scope: ['a'],
    });
  });

  it('says a bounded number of things about an unbounded draft', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `bad value ${index}`);
    expect(fieldsOf({ grantTypes: many, redirectUris: many, scope: many, defaultScope: many }).length).toBeLessThan(
      200,
    );
  });
});
