import { aClient } from '../../test/client.fixture.js';
import type { Client } from './client.js';
import { secretNeed, type SecretNeed } from './secret-need.js';

describe('secretNeed', () => {
  it.each<[SecretNeed, string, Partial<Client>]>([
    ['compared', 'the secret in a header', { authMethod: 'client_secret_basic' }],
    ['compared', 'the secret in the body', { authMethod: 'client_secret_post' }],
    ['known', 'assertions by the secret', { authMethod: 'client_secret_jwt' }],
    ['none', 'assertions by a key pair', { authMethod: 'private_key_jwt' }],
    ['none', 'a public client', { authMethod: 'none', type: 'public' }],
    ['known', 'ID tokens by HMAC', { idTokenSignedResponseAlg: 'HS256' }],
    ['known', 'ID tokens encrypted by it', { authMethod: 'private_key_jwt', idTokenEncryptedResponseAlg: 'dir' }],
    ['known', 'UserInfo by HMAC', { userinfoSignedResponseAlg: 'HS512' }],
    ['known', 'UserInfo encrypted by it', { userinfoEncryptedResponseAlg: 'A128KW' }],
    ['known', 'JWT answers by HMAC', { authorizationSignedResponseAlg: 'HS256' }],
    ['known', 'JWT answers encrypted by it', { authorizationEncryptedResponseAlg: 'dir' }],
    ['known', 'introspection by HMAC', { introspectionSignedResponseAlg: 'HS256' }],
    ['known', 'introspection encrypted by it', { introspectionEncryptedResponseAlg: 'A256KW' }],
    ['known', 'request objects by HMAC', { requestObjectSigningAlg: 'HS384' }],
    ['known', 'request objects encrypted by it', { requestObjectEncryptionAlg: 'A256KW' }],
    [
      'compared',
      'all of that by key pairs',
      { idTokenEncryptedResponseAlg: 'RSA-OAEP', requestObjectSigningAlg: 'none' },
    ],
  ])('is %s for %s', (need, _name, changes) => {
    expect(secretNeed(aClient(changes))).toBe(need);
  });
});
