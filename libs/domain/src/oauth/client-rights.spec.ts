import { aClient } from '../../test/client.fixture.js';
import type { Client, ClientDraft } from './client.js';
import { jwtBearerGrant } from './jwt-bearer.js';
import {
  adminOnlyProblems,
  changesCredentials,
  givesServiceAccountToOwner,
  ownerMayReplaceCredentials,
} from './client-rights.js';

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
      aClient({ source: 'registration', serviceAccount: true }),
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
      serviceAccount: true,
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

describe('changesCredentials', () => {
  const asks = (change: Partial<ClientDraft>, before: Partial<Client> = {}): boolean => {
    const client = aClient(before);
    return changesCredentials({ ...client, ...change }, client);
  };
  const { redirectUris, grantTypes, scope, responseTypes } = aClient();
  const wider = [...scope, 'payroll:pay'];

  it.each<[Partial<ClientDraft>, Partial<Client>]>([
    [{ redirectUris: [...redirectUris, 'https://evil.example/cb'] }, {}],
    [{ redirectUris: ['https://client.example.com/open-redirect'] }, {}],
    [{ redirectUris: [...redirectUris, 'https://evil.example/cb'] }, { ownerId: 'dora', source: 'developer' }],
    [{ grantTypes: [...grantTypes, 'client_credentials'] }, {}],
    [{ grantTypes: [...grantTypes, jwtBearerGrant] }, {}],
    [{ responseTypes: [...responseTypes, 'code id_token'] }, { grantTypes: ['authorization_code', 'implicit'] }],
    [{ scope: wider }, { serviceAccount: true }],
    [{ scope: wider }, { consentRequired: false }],
    [{ scope: wider }, { tokenExchange: [{ resource: 'urn:api', mode: 'delegation' }] }],
    [{ scope: wider }, { scope: [...scope, 'roles'] }],
    [{ scope: wider }, { grantTypes: [...grantTypes, jwtBearerGrant] }],
    [{ consentRequired: false }, {}],
    [{ pkceRequired: false }, {}],
    [{ dpopBoundAccessTokens: false }, { dpopBoundAccessTokens: true }],
    [{ requirePushedAuthorizationRequests: undefined }, { requirePushedAuthorizationRequests: true }],
    [{ requireSignedRequestObject: false }, { requireSignedRequestObject: true }],
    [{ refreshTokenRotation: 'default' }, { refreshTokenRotation: 'always' }],
    [{ securityProfile: 'none' }, { securityProfile: 'fapi-2-security' }],
    [{ idTokenSignedResponseAlg: 'HS256' }, {}],
    [{ userinfoEncryptedResponseAlg: 'dir' }, {}],
    [{ authorizationSignedResponseAlg: 'HS512' }, {}],
    [{ introspectionEncryptedResponseAlg: 'A128KW' }, {}],
    [{ requestObjectSigningAlg: 'HS256' }, { authMethod: 'private_key_jwt', jwks }],
    [{ idTokenSignedResponseAlg: 'RS256' }, { idTokenSignedResponseAlg: 'HS256' }],
    [{ tokenEndpointAuthSigningAlg: undefined }, { tokenEndpointAuthSigningAlg: 'ES256' }],
    [{ requestObjectSigningAlg: 'none' }, { requestObjectSigningAlg: 'ES256' }],
    [{ requestObjectSigningAlg: undefined }, { requestObjectSigningAlg: 'ES256' }],
    [{ idTokenEncryptedResponseAlg: undefined }, { idTokenEncryptedResponseAlg: 'ECDH-ES' }],
    [{ backchannelLogoutUri: 'https://evil.example/logout' }, {}],
    [{ frontchannelLogoutUri: undefined }, { frontchannelLogoutUri: 'https://client.example.com/logout' }],
    [{ initiateLoginUri: 'https://evil.example/login' }, {}],
    [{ defaultMaxAge: undefined }, { defaultMaxAge: 300 }],
    [{ defaultMaxAge: 301 }, { defaultMaxAge: 300 }],
    [{ defaultAcrValues: [] }, { defaultAcrValues: ['urn:mfa'] }],
    [{ refreshTokenRotation: 'never' }, {}],
  ])('%j of a client with %j needs a recent sign-in', (change, before) => expect(asks(change, before)).toBe(true));

  it.each<[Partial<ClientDraft>, Partial<Client>]>([
    [{}, {}],
    [{ name: 'Other', contacts: ['a@b.test'] }, { consentRequired: false }],
    [{ redirectUris: redirectUris.slice(0, 1) }, {}],
    [{ postLogoutRedirectUris: ['https://elsewhere.example/bye'] }, {}],
    [{ grantTypes: ['authorization_code'] }, {}],
    [{ grantTypes }, { grantTypes: [...grantTypes, 'client_credentials'] }],
    [{ scope: wider }, {}],
    [{ scope: ['openid'] }, { serviceAccount: true }],
    [{ dpopBoundAccessTokens: true, requirePushedAuthorizationRequests: true }, {}],
    [{ pkceRequired: true }, { pkceRequired: false }],
    [{ refreshTokenRotation: 'always' }, {}],
    [{ securityProfile: 'fapi-2-message-signing' }, { securityProfile: 'fapi-2-security' }],
    [{ idTokenSignedResponseAlg: 'ES256', userinfoSignedResponseAlg: 'RS256' }, {}],
    [{ idTokenEncryptedResponseAlg: 'ECDH-ES' }, { jwks }],
    [{ requestObjectSigningAlg: 'ES256' }, { requestObjectSigningAlg: 'none' }],
    [{ defaultMaxAge: 300, defaultAcrValues: ['urn:mfa'] }, {}],
    [{ defaultMaxAge: 299 }, { defaultMaxAge: 300 }],
  ])('%j of a client with %j does not', (change, before) => expect(asks(change, before)).toBe(false));
});

describe('givesServiceAccountToOwner', () => {
  it.each([
    [true, { ownerId: 'dora', serviceAccount: true }, undefined],
    [true, { ownerId: 'dora', serviceAccount: true }, 'root'],
    [false, { ownerId: 'dora', serviceAccount: true }, 'dora'],
    [false, { ownerId: 'dora', serviceAccount: false }, undefined],
    [false, { ownerId: undefined, serviceAccount: true }, 'dora'],
  ])('is %s for %j after the owner %s', (expected, draft, ownerId) =>
    expect(givesServiceAccountToOwner(draft, { ownerId })).toBe(expected),
  );
});
