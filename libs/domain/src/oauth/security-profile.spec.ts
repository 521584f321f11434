import { aClient } from '../../test/client.fixture.js';
import { jwsAlgorithms, macAlgorithms } from '../jose/index.js';
import { checkClientMetadata, type Client, type ClientDraft } from './client.js';
import {
  algorithmsUnder,
  profileFor,
  profileProblems,
  securityProfile,
  securityProfileNames,
  stricterProfile,
  underProfile,
  type SecurityProfileName,
} from './security-profile.js';

const profiles = securityProfileNames.filter((name) => name !== 'none');

/** A client that meets FAPI 2.0. */
const fapiClient = (changes: Partial<Client> = {}): Client =>
  aClient({
    authMethod: 'private_key_jwt',
    jwksUri: 'https://client.example.com/jwks.json',
    idTokenSignedResponseAlg: 'ES256',
    ...changes,
  });

describe('stricterProfile', () => {
  it.each<[SecurityProfileName, SecurityProfileName, SecurityProfileName]>([
    ['none', 'none', 'none'],
    ['none', 'fapi-2-security', 'fapi-2-security'],
    ['fapi-2-security', 'none', 'fapi-2-security'],
    ['fapi-2-security', 'fapi-2-message-signing', 'fapi-2-message-signing'],
    ['fapi-2-message-signing', 'fapi-2-security', 'fapi-2-message-signing'],
  ])('of %s and %s: %s', (one, other, expected) => {
    expect(stricterProfile(one, other)).toBe(expected);
  });

  it('each has all that the one before it demands', () => {
    const [, security, signing] = securityProfileNames.map(securityProfile);
    expect(signing).toEqual({ ...security, name: signing?.name, signedRequestObjects: { maxLifetimeSeconds: 3600 } });
  });
});

describe('profileProblems', () => {
  it.each(profiles)('finds nothing wrong with a client that meets %s', (name) => {
    expect(profileProblems(fapiClient(), name)).toEqual([]);
    const native = { applicationType: 'native', redirectUris: ['http://127.0.0.1/cb', 'com.example.app:/cb'] } as const;
    expect(profileProblems(fapiClient(native), name)).toEqual([]);
  });

  it.each<[string, Partial<Client>, string]>([
    ['a secret', { authMethod: 'client_secret_basic' }, 'authMethod'],
    ['a secret that signs', { authMethod: 'client_secret_jwt' }, 'authMethod'],
    ['no authentication', { authMethod: 'none', type: 'public' }, 'authMethod'],
    ['the implicit grant', { grantTypes: ['authorization_code', 'implicit'] }, 'grantTypes'],
    ['devices', { grantTypes: ['urn:ietf:params:oauth:grant-type:device_code'] }, 'grantTypes'],
    ['a hybrid response type', { responseTypes: ['code', 'code id_token'] }, 'responseTypes'],
    ['http on this machine for a web client', { redirectUris: ['http://localhost:8000/cb'] }, 'redirectUris.0'],
    ['RS256 ID tokens', { idTokenSignedResponseAlg: 'RS256' }, 'idTokenSignedResponseAlg'],
    ['PS512 UserInfo', { userinfoSignedResponseAlg: 'PS512' }, 'userinfoSignedResponseAlg'],
    ['RS256 JARM', { authorizationSignedResponseAlg: 'RS256' }, 'authorizationSignedResponseAlg'],
    ['ES384 introspection', { introspectionSignedResponseAlg: 'ES384' }, 'introspectionSignedResponseAlg'],
    ['unsigned request objects', { requestObjectSigningAlg: 'none' }, 'requestObjectSigningAlg'],
    ['rotated refresh tokens', { refreshTokenRotation: 'always' }, 'refreshTokenRotation'],
    ['HS256 assertions', { tokenEndpointAuthSigningAlg: 'HS256' }, 'tokenEndpointAuthSigningAlg'],
  ])('%s', (_what, changes, field) => {
    for (const name of profiles)
      expect(profileProblems(fapiClient(changes), name)).toEqual([{ field, message: expect.any(String) as unknown }]);
    expect(profileProblems(fapiClient(changes), 'none')).toEqual([]);
  });
});

describe('underProfile', () => {
  it('is the client itself where no profile holds', () => {
    const client = aClient({ pkceRequired: false });
    expect(underProfile(client, 'none')).toBe(client);
  });

  it.each(profiles)('sets what %s demands, whether the client or the server is held to it', (name) => {
    const lax = {
      pkceRequired: false,
      requirePushedAuthorizationRequests: false,
      dpopBoundAccessTokens: false,
      refreshTokenRotation: 'default',
    } as const;
    for (const client of [
      underProfile(fapiClient({ ...lax, securityProfile: name }), 'none'),
      underProfile(fapiClient(lax), name),
    ])
      expect(client).toMatchObject({
        securityProfile: name,
        pkceRequired: true,
        requirePushedAuthorizationRequests: true,
        dpopBoundAccessTokens: true,
        refreshTokenRotation: 'never',
        requireSignedRequestObject: name === 'fapi-2-message-signing',
        authorizationSignedResponseAlg: 'ES256',
        introspectionSignedResponseAlg: 'ES256',
      });
  });

  it('keeps what the client chose, and exempts credentials of an API that only introspect', () => {
    const chosen = fapiClient({ authorizationSignedResponseAlg: 'PS256' });
    expect(underProfile(chosen, 'fapi-2-security').authorizationSignedResponseAlg).toBe('PS256');
    const api = { securityProfile: 'none', resourceServer: true, grantTypes: [] } as const;
    expect(profileFor(api, 'fapi-2-security')).toBe('none');
    expect(profileFor({ ...api, securityProfile: 'fapi-2-security' }, 'none')).toBe('fapi-2-security');
    const exchanging = { ...api, grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'] };
    expect(profileFor(exchanging, 'fapi-2-security')).toBe('fapi-2-security');
  });
});

describe('algorithmsUnder', () => {
  it('are those that FAPI 2.0 allows (5.4.1), and all without a profile', () => {
    const all = [...jwsAlgorithms, ...macAlgorithms];
    expect(algorithmsUnder('fapi-2-security', all)).toEqual(['PS256', 'ES256', 'EdDSA', 'Ed25519']);
    expect(algorithmsUnder('none', all)).toBe(all);
  });
});

describe('checkClientMetadata under a profile', () => {
  const { idTokenSignedResponseAlg: _alg, ...draft } = fapiClient({ securityProfile: 'fapi-2-security' });
  const check = (changes: Partial<ClientDraft>, floor: SecurityProfileName = 'none') =>
    checkClientMetadata({ ...draft, ...changes }, { securityProfile: floor });

  it('chooses a signature algorithm that the profile allows where the client chose none', () => {
    expect(check({})).toMatchObject({ client: { idTokenSignedResponseAlg: 'ES256' } });
    expect(check({ securityProfile: 'none' })).toMatchObject({ client: { idTokenSignedResponseAlg: 'RS256' } });
    expect(check({ securityProfile: 'none' }, 'fapi-2-security')).toMatchObject({
      client: { securityProfile: 'none', idTokenSignedResponseAlg: 'ES256' },
    });
  });

  it('says what keeps the client from its profile, or from that of the server', () => {
    const secret = { authMethod: 'client_secret_basic' };
    expect(check(secret)).toEqual({ problems: [{ field: 'authMethod', message: expect.any(String) as unknown }] });
    expect(check({ ...secret, securityProfile: 'none' }, 'fapi-2-message-signing')).toMatchObject({
      problems: [{ field: 'authMethod' }],
    });
    expect(check({ ...secret, securityProfile: 'none' })).toHaveProperty('client');
  });

  it('refuses a profile that there is not', () => {
    expect(check({ securityProfile: 'fapi-1' })).toMatchObject({ problems: [{ field: 'securityProfile' }] });
  });
});
