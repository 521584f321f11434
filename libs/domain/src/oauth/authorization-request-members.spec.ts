import { aClient } from '../../test/client.fixture.js';
import { codeAndReason } from '../../test/outcome.js';
import {
  checkAuthorizationRequest,
  denyAuthorizationRequest,
  recheckAuthorizationRequest,
  type AuthorizationCheck,
  type AuthorizationRequest,
} from './authorization-request.js';
import type { Client } from './client.js';
import { OAuthError } from './oauth-error.js';
import { responseTypeNames } from './response-type.js';

// Members of a request that few have: keys, claims, APIs, and what a security profile asks of them.

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const usual = {
  response_type: 'code',
  client_id: 's6BhdRkqt3',
  redirect_uri: 'https://client.example.com/cb',
  scope: 'openid profile',
  nonce: 'n-0S6_WzA2Mj',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};
const everyFlow: Partial<Client> = {
  grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
  responseTypes: [...responseTypeNames],
};
/** A client that meets FAPI 2.0. */
const fapiClient = (changes: Partial<Client> = {}): Client =>
  aClient({
    securityProfile: 'fapi-2-security',
    authMethod: 'private_key_jwt',
    jwksUri: 'https://client.example.com/jwks.json',
    idTokenSignedResponseAlg: 'ES256',
    ...changes,
  });

type Changes = Readonly<Record<string, string | undefined>>;

const parametersOf = (changes: Changes): ReadonlyMap<string, string> =>
  new Map(
    Object.entries({ ...usual, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

const check = (changes: Changes = {}, client: Client = aClient()): AuthorizationCheck =>
  checkAuthorizationRequest(parametersOf(changes), client, { pkce: 'required' });

function accepted(changes: Changes = {}, client: Client = aClient()): AuthorizationRequest {
  const result = check(changes, client);
  if (result.kind !== 'accepted') throw new Error(`${result.kind}: ${result.error.reason}`);
  return result.request;
}

const outcome = (result: AuthorizationCheck): string =>
  result.kind === 'accepted' ? 'accepted' : `${result.kind} ${codeAndReason(result.error)}`;

describe('dpop_jkt (RFC 9449 10)', () => {
  it('is kept with the request', () => {
    expect(accepted({ dpop_jkt: challenge })).toHaveProperty('dpopJkt', challenge);
  });

  it.each(['abc', `${challenge}=`, challenge.slice(1)])('is refused where it is no thumbprint: %s', (jkt) => {
    expect(outcome(check({ dpop_jkt: jkt }))).toBe('denied invalid_request dpop_jkt.malformed');
  });

  it('and other members are left out of a request without them, which is kept as text', () => {
    const request = accepted();
    for (const member of ['dpopJkt', 'resources', 'securityProfile']) expect(request).not.toHaveProperty(member);
  });

  it.each(['id_token token', 'code token', 'code id_token token'])(
    'a client that binds its tokens gets none from the front channel: %s (RFC 9449 5.2)',
    (responseType) => {
      const client = aClient({ ...everyFlow, dpopBoundAccessTokens: true });
      expect(outcome(check({ response_type: responseType }, client))).toBe(
        'denied unauthorized_client dpop.front_channel',
      );
      const other = aClient({ ...everyFlow, dpopBoundAccessTokens: false });
      expect(outcome(check({ response_type: responseType }, other))).toBe('accepted');
    },
  );

  it('a client that binds its tokens may get an ID token from the front channel', () => {
    const client = aClient({ ...everyFlow, dpopBoundAccessTokens: true });
    expect(outcome(check({ response_type: 'code id_token' }, client))).toBe('accepted');
  });
});

describe('the claims parameter (OpenID Connect Core 5.5)', () => {
  const both = '{"userinfo":{"email":null},"id_token":{"auth_time":{"essential":true}}}';

  it('is kept', () => {
    expect(Object.keys(accepted({ claims: both }).claims ?? {}).sort()).toEqual(['idToken', 'userinfo']);
  });

  it('asks in vain of UserInfo where the response type gives no access token', () => {
    const client = aClient(everyFlow);
    const claimsOf = (claims: string) => accepted({ response_type: 'id_token', claims }, client).claims;
    expect(Object.keys(claimsOf(both) ?? {})).toEqual(['idToken']);
    expect(claimsOf('{"userinfo":{"email":null}}')).toBeUndefined();
    expect(Object.keys(claimsOf('{"id_token":{"auth_time":null}}') ?? {})).toEqual(['idToken']);
    const withToken = accepted({ response_type: 'id_token token', claims: both }, client).claims;
    expect(Object.keys(withToken ?? {}).sort()).toEqual(['idToken', 'userinfo']);
  });

  it('means nothing, however it is written, where the request is not OpenID’s', () => {
    expect(accepted({ scope: 'profile', claims: both }).claims).toBeUndefined();
    expect(outcome(check({ scope: 'profile', claims: '{' }))).toBe('accepted');
    expect(outcome(check({ claims: '{' }))).toMatch(/^denied invalid_request claims\./);
  });
});

describe('resource (RFC 8707 2)', () => {
  it('is kept, each API once', () => {
    expect(accepted({ resource: 'urn:a urn:b urn:a' }).resources).toEqual(['urn:a', 'urn:b']);
  });

  it('is refused where it is no identifier', () => {
    expect(outcome(check({ resource: 'api' }))).toBe('denied invalid_target resource.malformed');
  });
});

describe('under a security profile', () => {
  it('the request keeps the profile', () => {
    expect(accepted({}, fapiClient())).toHaveProperty('securityProfile', 'fapi-2-security');
  });

  it('the redirect_uri must be named, OpenID or not (FAPI 2.0 Security Profile 5.3.2.2)', () => {
    const changes = { redirect_uri: undefined, scope: 'profile' };
    expect(outcome(check(changes, fapiClient()))).toBe('refused invalid_request redirect_uri.missing');
    expect(outcome(check(changes))).toBe('accepted');
  });

  it('a client that does not meet it is refused with a page', () => {
    const client = fapiClient({ authMethod: 'client_secret_basic' });
    expect(outcome(check({}, client))).toBe('refused invalid_request security_profile.client');
    const error = new OAuthError('invalid_request_object', 'Why.', { reason: 'request_object.typ' });
    // It is told about its registration, not about an object that nobody had to read.
    expect(outcome(denyAuthorizationRequest(parametersOf({ redirect_uri: undefined }), client, error))).toBe(
      'refused invalid_request security_profile.client',
    );
  });

  it('a client without a redirect URI is refused with a page', () => {
    const client = aClient({ redirectUris: [], defaultRedirectUri: undefined });
    expect(outcome(check({ redirect_uri: undefined, scope: 'profile' }, client))).toBe(
      'refused invalid_request redirect_uri.none',
    );
  });
});

describe('denyAuthorizationRequest', () => {
  const error = new OAuthError('invalid_request_object', 'Why.', { reason: 'request_object.typ' });
  const deny = (changes: Changes, client: Client | undefined): string =>
    outcome(denyAuthorizationRequest(parametersOf({ redirect_uri: undefined, ...changes }), client, error));

  it.each<[string, Changes, Client | undefined, string]>([
    ['of a known client is about the object', {}, aClient(), 'invalid_request_object request_object.typ'],
    ['found by another name is about the client', { client_id: 'other' }, aClient(), 'invalid_request client.unknown'],
    ['of nobody is about the client', {}, undefined, 'invalid_request client.unknown'],
    [
      'of a client that is disabled is about the client',
      {},
      aClient({ disabledAt: aClient().createdAt }),
      'invalid_request client.disabled',
    ],
  ])('%s', (_name, changes, client, expected) => {
    expect(deny(changes, client)).toBe(`refused ${expected}`);
  });
});

describe('recheckAuthorizationRequest', () => {
  const recheck = (changes: Changes, before: Client, after: Client): string =>
    outcome(recheckAuthorizationRequest(accepted(changes, before), after));

  it.each<[string, Client, Client, string]>([
    ['as before', aClient(), aClient(), 'accepted'],
    ['under the same profile', fapiClient(), fapiClient(), 'accepted'],
    ['under a profile since', aClient(), fapiClient(), 'denied invalid_request security_profile.changed'],
    ['under no profile since', fapiClient(), aClient(), 'accepted'],
    [
      'under a stricter profile since',
      fapiClient(),
      fapiClient({ securityProfile: 'fapi-2-message-signing' }),
      'denied invalid_request security_profile.changed',
    ],
    [
      'that does not meet its profile any more',
      fapiClient(),
      fapiClient({ authMethod: 'client_secret_basic' }),
      'refused invalid_request security_profile.client',
    ],
    [
      'that is disabled',
      aClient(),
      aClient({ disabledAt: aClient().createdAt }),
      'refused invalid_request client.disabled',
    ],
    [
      'that lost its redirect URI',
      aClient(),
      aClient({ redirectUris: ['https://client.example.com/new'] }),
      'refused invalid_request redirect_uri.unregistered',
    ],
    ['that lost a scope', aClient(), aClient({ scope: ['openid'] }), 'denied invalid_scope scope.unregistered'],
  ])('of a client %s', (_name, before, after, expected) => {
    expect(recheck({}, before, after)).toBe(expected);
  });

  it('of a request for an API is denied where the client gets no tokens for APIs since', () => {
    const changes = { resource: 'urn:a' };
    expect(recheck(changes, aClient(), aClient())).toBe('accepted');
    expect(recheck(changes, aClient(), aClient({ restrictedAt: aClient().createdAt }))).toBe(
      'denied invalid_target resource.limited',
    );
  });

  it('is silent where the request was', () => {
    const after = aClient({ scope: [] });
    expect(recheckAuthorizationRequest(accepted({ prompt: 'none' }), after)).toMatchObject({ silent: true });
    expect(recheckAuthorizationRequest(accepted({ prompt: 'login' }), after)).toMatchObject({ silent: false });
    expect(recheckAuthorizationRequest(accepted(), after)).toMatchObject({ silent: false });
  });
});
