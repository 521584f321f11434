import { checkMetadata, metadataOf, plainMetadata, type ClientMetadataDraft } from './client-metadata.js';

const context = { authMethod: 'client_secret_basic', redirectUris: ['https://client.example.com/cb'] };
const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' };

function problemsOf(draft: ClientMetadataDraft, changes: Partial<typeof context> = {}): string[] {
  const fields: string[] = [];
  checkMetadata(draft, { ...context, ...changes }, (field) => fields.push(field));
  return fields;
}

describe('checkMetadata', () => {
  it('takes nothing at all, and means the defaults of the specifications by it', () => {
    const said: string[] = [];
    expect(checkMetadata({}, context, (field) => said.push(field))).toEqual({ ...plainMetadata });
    expect(said).toEqual([]);
  });

  it.each<[string, ClientMetadataDraft]>([
    [
      'addresses',
      { clientUri: 'https://a.example/', logoUri: 'https://a.example/l.png', tosUri: 'https://a.example/t' },
    ],
    ['an address of this machine', { backchannelLogoutUri: 'http://127.0.0.1:9/out' }],
    ['keys by value', { jwks: { keys: [key] } }],
    ['keys by address', { jwksUri: 'https://a.example/jwks' }],
    ['a request URI with a fragment', { requestUris: ['https://a.example/r#hash'] }],
    ['an age of nothing', { defaultMaxAge: 0 }],
    ['unsigned request objects', { requestObjectSigningAlg: 'none' }],
    ['no rotation for a confidential client', { refreshTokenRotation: 'never' }],
    ['what is left empty', { clientUri: '', userinfoSignedResponseAlg: '', contacts: [''] }],
  ])('takes %s', (_name, draft) => {
    expect(problemsOf(draft)).toEqual([]);
  });

  it.each<[string, ClientMetadataDraft, string, Partial<typeof context>?]>([
    ['an http address of another machine', { clientUri: 'http://a.example/' }, 'clientUri'],
    ['a script as address', { tosUri: 'javascript:alert(1)' }, 'tosUri'],
    ['an address with a password', { policyUri: 'https://u:p@a.example/' }, 'policyUri'],
    ['an address with one slash', { clientUri: 'https:/a.example/' }, 'clientUri'],
    ['an address without slashes', { logoUri: 'https:a.example/' }, 'logoUri'],
    ['an address whose host is encoded', { jwksUri: 'https://ex%61mple.com/' }, 'jwksUri'],
    ['an address with a fragment', { initiateLoginUri: 'https://a.example/#x' }, 'initiateLoginUri'],
    ['both kinds of keys (RFC 7591 2)', { jwks: { keys: [] }, jwksUri: 'https://a.example/' }, 'jwks'],
    ['a private key', { jwks: { keys: [{ ...key, d: 'd' }] } }, 'jwks'],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 'jwks'],
    ['keys that are no list', { jwks: { keys: {} } }, 'jwks'],
    ['21 keys', { jwks: { keys: Array.from({ length: 21 }, () => key) } }, 'jwks'],
    ['an http sector identifier', { sectorIdentifierUri: 'http://localhost/s' }, 'sectorIdentifierUri'],
    ['an unknown subject type', { subjectType: 'x' }, 'subjectType'],
    ['an unknown rotation', { refreshTokenRotation: 'sometimes' }, 'refreshTokenRotation'],
    [
      'no rotation for bearer tokens of a public client (RFC 9700 4.14.2)',
      { refreshTokenRotation: 'never' },
      'refreshTokenRotation',
      { authMethod: 'none' },
    ],
    ['RSA1_5, which is broken', { userinfoEncryptedResponseAlg: 'RSA1_5' }, 'userinfoEncryptedResponseAlg'],
    ['a content encryption alone', { idTokenEncryptedResponseEnc: 'A128GCM' }, 'idTokenEncryptedResponseEnc'],
    ['encryption to a client without keys', { idTokenEncryptedResponseAlg: 'RSA-OAEP' }, 'idTokenEncryptedResponseAlg'],
    ['an unsigned UserInfo', { userinfoSignedResponseAlg: 'none' }, 'userinfoSignedResponseAlg'],
    ['half a second', { defaultMaxAge: 0.5 }, 'defaultMaxAge'],
    ['less than no time', { defaultMaxAge: -1 }, 'defaultMaxAge'],
    ['a private scheme to be fetched', { requestUris: ['com.example:/r'] }, 'requestUris.0'],
    ['a MAC for a key pair', { tokenEndpointAuthSigningAlg: 'HS256' }, 'tokenEndpointAuthSigningAlg'],
    ['private_key_jwt without keys', {}, 'jwks', { authMethod: 'private_key_jwt' }],
    [
      'a secret of a public client',
      { userinfoSignedResponseAlg: 'HS256' },
      'userinfoSignedResponseAlg',
      { authMethod: 'none' },
    ],
    [
      'pairwise subjects for two hosts without a sector (OpenID Connect Core 8.1)',
      { subjectType: 'pairwise' },
      'sectorIdentifierUri',
      { redirectUris: ['https://a.example/', 'https://b.example/'] },
    ],
  ])('refuses %s', (_name, draft, field, changes = {}) => {
    expect(problemsOf(draft, changes)).toEqual([field]);
  });

  it('takes a public client without rotation whose tokens are bound to a key', () => {
    expect(problemsOf({ refreshTokenRotation: 'never', dpopBoundAccessTokens: true }, { authMethod: 'none' })).toEqual(
      [],
    );
  });

  it('takes A128CBC-HS256 where only the key encryption is said (OpenID Connect Registration 2)', () => {
    const said: string[] = [];
    const checked = checkMetadata({ jwks: { keys: [key] }, idTokenEncryptedResponseAlg: 'ECDH-ES' }, context, (field) =>
      said.push(field),
    );
    expect(said).toEqual([]);
    expect(checked.idTokenEncryptedResponseEnc).toBe('A128CBC-HS256');
  });
});

describe('metadataOf', () => {
  it('is what a client says of itself, and nothing that is left out', () => {
    expect(metadataOf({ ...plainMetadata, clientUri: 'https://a.example/' })).toEqual({
      ...plainMetadata,
      clientUri: 'https://a.example/',
    });
    expect(Object.keys(metadataOf(plainMetadata))).not.toContain('jwks');
  });
});
