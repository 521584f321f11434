import { OAuthError } from './oauth-error';
import { parseTokenRequest, tokenGrantTypes, type TokenRequest } from './token-request';

const device = 'urn:ietf:params:oauth:grant-type:device_code';
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

function outcomeOf(parameters: Record<string, string>, grantTypes: readonly string[] = tokenGrantTypes): unknown {
  try {
    const client = { grantTypes: tokenGrantTypes.filter((name) => grantTypes.includes(name)) };
    return parseTokenRequest(new Map(Object.entries(parameters)), client);
  } catch (error) {
    if (error instanceof OAuthError) return `${error.code} ${error.reason}`;
    throw error;
  }
}

describe('parseTokenRequest', () => {
  it.each<[string, Record<string, string>, TokenRequest]>([
    [
      'a code (RFC 6749 4.1.3, RFC 7636 4.5)',
      { code: 'c', redirect_uri: 'https://a.test/', code_verifier: 'v', resource: 'urn:a urn:b' },
      {
        grantType: 'authorization_code',
        code: 'c',
        redirectUri: 'https://a.test/',
        codeVerifier: 'v',
        resources: ['urn:a', 'urn:b'],
      },
    ],
    [
      'a code alone',
      { code: 'c' },
      { grantType: 'authorization_code', code: 'c', redirectUri: undefined, codeVerifier: undefined, resources: [] },
    ],
    [
      'a refresh token (6)',
      { refresh_token: 'r', scope: 'a b' },
      { grantType: 'refresh_token', refreshToken: 'r', scope: ['a', 'b'], resources: [] },
    ],
    ['client credentials (4.4.2)', {}, { grantType: 'client_credentials', scope: undefined, resources: [] }],
    ['a device code (RFC 8628 3.4)', { device_code: 'd' }, { grantType: device, deviceCode: 'd', resources: [] }],
    [
      'a token exchange (RFC 8693 2.1)',
      { subject_token: 's', subject_token_type: accessToken, audience: 'urn:a', scope: 'a' },
      {
        grantType: exchange,
        subjectToken: 's',
        actorToken: undefined,
        requestedType: undefined,
        targets: ['urn:a'],
        scope: ['a'],
      },
    ],
    [
      'an assertion (RFC 7523 2.1)',
      { assertion: 'j', resource: 'urn:a' },
      { grantType: jwtBearer, assertion: 'j', scope: undefined, resources: ['urn:a'] },
    ],
  ])('reads %s', (_name, parameters, expected) => {
    expect(outcomeOf({ grant_type: expected.grantType, ...parameters })).toEqual(expected);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no grant_type', {}, 'invalid_request grant_type.missing'],
    ['a grant_type of other servers', { grant_type: 'password' }, 'unsupported_grant_type grant_type.unsupported'],
    ['implicit (RFC 8414 2)', { grant_type: 'implicit' }, 'unsupported_grant_type grant_type.unsupported'],
    ['a name that every object has', { grant_type: 'toString' }, 'unsupported_grant_type grant_type.unsupported'],
    ['no code', { grant_type: 'authorization_code' }, 'invalid_request code.missing'],
    ['no refresh_token', { grant_type: 'refresh_token' }, 'invalid_request refresh.missing'],
    ['no device_code', { grant_type: device }, 'invalid_request device_code.missing'],
    ['no subject_token', { grant_type: exchange }, 'invalid_request exchange.subject_missing'],
    [
      'no target',
      { grant_type: exchange, subject_token: 's', subject_token_type: accessToken },
      'invalid_target exchange.no_target',
    ],
    ['no assertion', { grant_type: jwtBearer }, 'invalid_request assertion.missing'],
    ['a malformed scope', { grant_type: 'client_credentials', scope: '"' }, 'invalid_scope scope.malformed'],
    [
      'a scope of spaces',
      { grant_type: 'refresh_token', refresh_token: 'r', scope: ' ' },
      'invalid_scope scope.malformed',
    ],
    [
      'a malformed resource',
      { grant_type: 'authorization_code', code: 'c', resource: 'api' },
      'invalid_target resource.malformed',
    ],
    [
      'authorization_details (RFC 9396 6.1)',
      { grant_type: 'client_credentials', authorization_details: '[]' },
      'invalid_authorization_details authorization_details.unsupported',
    ],
  ])('refuses %s', (_name, parameters, expected) => expect(outcomeOf(parameters)).toBe(expected));

  it('refuses a grant type that the client is not registered for, before it looks at the rest (RFC 6749 5.2)', () => {
    expect(outcomeOf({ grant_type: 'authorization_code' }, ['client_credentials'])).toBe(
      'unauthorized_client grant_type.unregistered',
    );
  });
});
