import { epochSeconds } from '../kernel/index.js';
import { accessTokenClaims } from './access-token-claims.js';

const token = {
  issuer: 'https://login.example.com',
  subject: 'u',
  audience: ['https://api.example.com/'],
  clientId: 'c',
  scope: ['read', 'write'],
  id: 'j',
  now: epochSeconds(1_800_000_000),
  expiresAt: epochSeconds(1_800_000_060),
};

describe('accessTokenClaims', () => {
  it('has every claim that RFC 9068 2.2 requires', () => {
    expect(accessTokenClaims({ ...token, authTime: epochSeconds(1_799_999_990), acr: 'a', amr: ['pwd'] })).toEqual({
      iss: 'https://login.example.com',
      sub: 'u',
      aud: 'https://api.example.com/',
      client_id: 'c',
      scope: 'read write',
      jti: 'j',
      iat: 1_800_000_000,
      exp: 1_800_000_060,
      auth_time: 1_799_999_990,
      acr: 'a',
      amr: ['pwd'],
    });
  });

  it('leaves out what is not known, and an empty scope (RFC 6749 3.3)', () => {
    const claims = accessTokenClaims({ ...token, scope: [], audience: ['urn:a', 'urn:b'] });
    expect(Object.keys(claims)).toEqual(['iss', 'sub', 'aud', 'client_id', 'jti', 'iat', 'exp']);
    expect(claims['aud']).toEqual(['urn:a', 'urn:b']);
  });
});
