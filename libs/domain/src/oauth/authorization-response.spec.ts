import { authorizationErrorParameters, authorizationResponseParameters } from './authorization-response.js';
import { OAuthError } from './oauth-error.js';

const issuer = 'https://honest.as.example';

describe('authorization responses', () => {
  it('carry code, state and iss: the example of RFC 9207 2', () => {
    const answer = authorizationResponseParameters({
      code: 'x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58',
      state: 'ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI',
      issuer,
    });
    expect(new URLSearchParams(answer).toString()).toBe(
      'code=x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58&state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fhonest.as.example',
    );
  });

  it('carry an access token with what it needs, and an ID token (RFC 6749 4.2.2, OpenID Connect Core 3.3.2.5)', () => {
    const accessToken = { value: 'SlAV32hkKG', expiresInSeconds: 3600, scope: ['openid', 'profile'] };
    expect(
      authorizationResponseParameters({
        code: 'SplxlOBeZQQYbYS6WxSbIA',
        accessToken,
        idToken: 'eyJ0.a.b',
        state: 'af0ifjsldkj',
        issuer,
      }),
    ).toEqual({
      code: 'SplxlOBeZQQYbYS6WxSbIA',
      access_token: 'SlAV32hkKG',
      token_type: 'Bearer',
      expires_in: '3600',
      scope: 'openid profile',
      id_token: 'eyJ0.a.b',
      state: 'af0ifjsldkj',
      iss: issuer,
    });
    expect(authorizationResponseParameters({ idToken: 'eyJ0.a.b', state: undefined, issuer })).toEqual({
      id_token: 'eyJ0.a.b',
      iss: issuer,
    });
  });

  it('carry error, description, state and iss (RFC 6749 4.1.2.1, RFC 9207 2.1)', () => {
    const error = new OAuthError('access_denied', 'The person said no.');
    expect(authorizationErrorParameters({ error, state: 's', issuer })).toEqual({
      error: 'access_denied',
      error_description: 'The person said no.',
      state: 's',
      iss: issuer,
    });
  });

  it('have a state only where the request had one, an empty one included', () => {
    expect(authorizationResponseParameters({ code: 'c', state: undefined, issuer })).not.toHaveProperty('state');
    expect(authorizationResponseParameters({ code: 'c', state: '', issuer })).toHaveProperty('state', '');
  });
});
