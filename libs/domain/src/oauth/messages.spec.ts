import { epochSeconds } from '../kernel/index.js';
import { introspectionResponse, tokenResponse } from './messages.js';

describe('tokenResponse', () => {
  it('writes the example of RFC 6749 5.1', () => {
    expect(
      tokenResponse({
        accessToken: '2YotnFZFEjr1zCsicMWpAA',
        expiresInSeconds: 3600,
        scope: ['read', 'write'],
        refreshToken: 'tGzv3JOkF0XG5Qx2TlKWIA',
      }),
    ).toEqual({
      access_token: '2YotnFZFEjr1zCsicMWpAA',
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: 'tGzv3JOkF0XG5Qx2TlKWIA',
      scope: 'read write',
    });
  });

  it('adds the ID token of OpenID Connect Core 3.1.3.3, and leaves out what is not there', () => {
    const body = tokenResponse({ accessToken: 'a', expiresInSeconds: 60, scope: ['openid'], idToken: 'h.p.s' });
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope', 'id_token']);
  });

  it('leaves an empty scope out: the grammar has a token at least (RFC 6749 3.3)', () => {
    expect(tokenResponse({ accessToken: 'a', expiresInSeconds: 60, scope: [] })).not.toHaveProperty('scope');
  });
});

describe('introspectionResponse (RFC 7662 2.2)', () => {
  it('says nothing but inactive of a token that is not to be told of', () => {
    expect(introspectionResponse(undefined)).toEqual({ active: false });
  });

  it('tells what it knows of an active one', () => {
    const token = {
      issuer: 'https://op.example',
      clientId: 'c',
      scope: ['read'],
      issuedAt: epochSeconds(100),
      expiresAt: epochSeconds(160),
    };
    const own = { active: true, iss: 'https://op.example', client_id: 'c', scope: 'read', iat: 100, exp: 160 };
    expect(introspectionResponse(token)).toEqual(own);
    expect(introspectionResponse({ ...token, acr: 'phr', authTime: epochSeconds(900) })).toEqual({
      ...own,
      acr: 'phr',
      auth_time: 900,
    });
    expect(introspectionResponse({ ...token, subject: 'u', username: 'ada', tokenType: 'Bearer' })).toEqual({
      ...own,
      sub: 'u',
      username: 'ada',
      token_type: 'Bearer',
    });
  });
});
