import {
  checkAuthorizationRequest,
  denyAuthorizationRequest,
  isErrorRedirected,
  recheckAuthorizationRequest,
  type AuthorizationRequest,
} from './authorization-request.js';
import { aClient } from '../../test/client.fixture.js';
import type { Client } from './client.js';
import { OAuthError } from './oauth-error.js';
import { check, usual, type Changes } from '../../test/authorization-request.fixture.js';

describe('recheckAuthorizationRequest', () => {
  const accepted = (): AuthorizationRequest => {
    const result = check({ redirect_uri: 'https://client.example.com/cb' });
    if (result.kind !== 'accepted') throw new Error(result.error.message);
    return result.request;
  };

  it('accepts a request whose client still has what it had', () => {
    expect(recheckAuthorizationRequest(accepted(), aClient()).kind).toBe('accepted');
  });

  it.each<[string, Partial<Client>, string]>([
    ['is disabled', { disabledAt: aClient().createdAt }, 'client.disabled'],
    ['lost the redirect URI', { redirectUris: ['https://client.example.com/other'] }, 'redirect_uri.unregistered'],
  ])('refuses with a page, never a redirect, when the client %s (RFC 6749 4.1.2.1)', (_what, changes, reason) => {
    expect(recheckAuthorizationRequest(accepted(), { ...aClient(), ...changes })).toMatchObject({
      kind: 'refused',
      error: { reason },
    });
  });

  it.each<[string, Partial<Client>, string]>([
    ['a scope', { scope: ['openid'] }, 'invalid_scope'],
    ['the grant type', { grantTypes: ['client_credentials'] }, 'unauthorized_client'],
  ])('answers the client with an error when it lost %s', (_what, changes, code) => {
    expect(recheckAuthorizationRequest(accepted(), { ...aClient(), ...changes })).toMatchObject({
      kind: 'denied',
      redirectUri: 'https://client.example.com/cb',
      error: { code },
    });
  });
});

describe('denyAuthorizationRequest (RFC 9101 7)', () => {
  const error = new OAuthError('invalid_request_object', 'It is malformed.');
  const deny = (changes: Changes, client: Client | undefined = aClient()) =>
    denyAuthorizationRequest(
      new Map(
        Object.entries({ ...usual, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      client,
      error,
    );

  it('redirects to the address of the query where that is registered, as the query wants it', () => {
    expect(deny({ response_type: 'id_token' })).toEqual({
      kind: 'denied',
      clientId: usual.client_id,
      redirectUri: usual.redirect_uri,
      silent: false,
      responseMode: 'fragment',
      state: 'xyz',
      error,
    });
  });

  it.each<[string, Changes]>([
    ['is not registered', { redirect_uri: 'https://evil.example/cb' }],
    ['is missing', { redirect_uri: undefined }],
  ])('shows a page with the same error where the address %s', (_what, changes) => {
    expect(deny(changes)).toEqual({ kind: 'refused', error });
  });

  it('says nothing of the object where there is no client', () => {
    expect(denyAuthorizationRequest(new Map(Object.entries(usual)), undefined, error)).toMatchObject({
      kind: 'refused',
      error: { reason: 'client.unknown' },
    });
  });
});

describe('an error at the authorization endpoint (RFC 9700 4.11.2)', () => {
  const base = { silent: false, client: aClient({ approvedAt: undefined }), allowedBefore: false, interacted: false };
  it.each<[string, Partial<Parameters<typeof isErrorRedirected>[0]>, boolean]>([
    ['nobody approved the client, and nobody has decided anything', {}, false],
    ['prompt=none, which shows no page', { silent: true }, true],
    ['an administrator approved the client', { client: aClient() }, true],
    ['the person allowed the client before', { allowedBefore: true }, true],
    ['the person logged in or answered for this request', { interacted: true }, true],
  ])('goes to the client by itself or not: %s', (_name, situation, expected) => {
    expect(isErrorRedirected({ ...base, ...situation })).toBe(expected);
  });

  it.each([
    ['none', true],
    ['login none', true],
    ['login', false],
    [undefined, false],
  ])('knows by prompt=%s whether a page may be shown', (prompt, silent) => {
    const client = aClient();
    const [redirectUri = ''] = client.redirectUris;
    const parameters = new Map(
      Object.entries({ client_id: client.id, redirect_uri: redirectUri, ...(prompt === undefined ? {} : { prompt }) }),
    );
    expect(checkAuthorizationRequest(parameters, client, { pkce: 'required' })).toMatchObject({
      kind: 'denied',
      silent,
    });
  });
});
