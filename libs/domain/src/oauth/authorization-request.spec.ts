import fc from 'fast-check';
import {
  checkAuthorizationRequest,
  parseAuthorizationRequest,
  writeAuthorizationRequest,
  type AuthorizationRequest,
} from './authorization-request.js';
import { aClient } from '../../test/client.fixture.js';
import type { AuthorizationPolicy } from './authorization-parameters.js';
import type { Client } from './client.js';
import { responseTypeNames } from './response-type.js';
import {
  accepted,
  challenge,
  check,
  everyFlow,
  outcome,
  usual,
  type Changes,
} from '../../test/authorization-request.fixture.js';

describe('checkAuthorizationRequest', () => {
  it('accepts the request of RFC 6749 4.1.1 with the challenge of RFC 7636 appendix B', () => {
    expect(accepted(check())).toEqual({
      clientId: 's6BhdRkqt3',
      responseType: 'code',
      responseMode: 'query',
      redirectUri: 'https://client.example.com/cb',
      redirectUriSent: true,
      scope: ['openid', 'profile'],
      state: 'xyz',
      codeChallenge: challenge,
      prompt: [],
    });
  });

  it('keeps what OpenID Connect Core 3.1.2.1 adds', () => {
    const request = accepted(
      check({
        nonce: 'n-0S6_WzA2Mj',
        prompt: 'login consent login',
        max_age: '3600',
        login_hint: 'ada@example.com',
        id_token_hint: 'h.p.s',
        acr_values: 'urn:a urn:b',
        ui_locales: 'fr-CA fr en',
        display: 'popup',
        response_mode: 'form_post',
      }),
    );
    expect(request).toMatchObject({
      nonce: 'n-0S6_WzA2Mj',
      prompt: ['login', 'consent'],
      maxAge: 3600,
      loginHint: 'ada@example.com',
      idTokenHint: 'h.p.s',
      acrValues: ['urn:a', 'urn:b'],
      uiLocales: ['fr-CA', 'fr', 'en'],
      display: 'popup',
      responseMode: 'form_post',
    });
  });

  it('ignores parameters that it does not know (RFC 6749 3.1), and a display that it does not know', () => {
    expect(outcome(check({ foo: 'bar', claims_locales: 'en' }))).toBe('accepted');
    expect(accepted(check({ display: 'hologram' })).display).toBeUndefined();
  });

  describe('refuses with a page, never a redirect (RFC 6749 4.1.2.1),', () => {
    it.each<[string, Changes, Client | undefined, string]>([
      ['no client_id', { client_id: undefined }, aClient(), 'client.missing'],
      ['a client that is disabled', {}, aClient({ disabledAt: aClient().createdAt }), 'client.disabled'],
      ['a client found by another name', { client_id: 'S6BHDRKQT3' }, aClient(), 'client.unknown'],
      [
        'an unregistered redirect_uri',
        { redirect_uri: 'https://evil.example/cb' },
        aClient(),
        'redirect_uri.unregistered',
      ],
      [
        'a redirect_uri with an added query',
        { redirect_uri: 'https://client.example.com/cb?x=1' },
        aClient(),
        'redirect_uri.unregistered',
      ],
      ['an OpenID request without redirect_uri', { redirect_uri: undefined }, aClient(), 'redirect_uri.missing'],
      [
        'no redirect_uri at all',
        { redirect_uri: undefined, scope: 'read' },
        aClient({ defaultRedirectUri: undefined }),
        'redirect_uri.none',
      ],
    ])('%s', (_name, changes, client, reason) => {
      expect(outcome(check(changes, client))).toBe(`refused invalid_request ${reason}`);
    });

    it('an unknown client', () => {
      expect(outcome(checkAuthorizationRequest(new Map(Object.entries(usual)), undefined, { pkce: 'required' }))).toBe(
        'refused invalid_request client.unknown',
      );
    });

    it('whatever else is wrong', () => {
      const wrong = { response_type: undefined, scope: 'a"', prompt: 'none login' };
      expect(outcome(check({ ...wrong, redirect_uri: 'https://evil.example/' }))).toContain('refused');
    });
  });

  describe('denies by redirect', () => {
    it.each<[string, Changes, Partial<Client>, string]>([
      ['no response_type', { response_type: undefined }, {}, 'invalid_request response_type.missing'],
      ['another response_type', { response_type: 'token' }, {}, 'unsupported_response_type response_type.unsupported'],
      [
        'a client without the code grant',
        {},
        { grantTypes: ['client_credentials'] },
        'unauthorized_client response_type.unregistered',
      ],
      [
        'a client without the response type',
        {},
        { responseTypes: [] },
        'unauthorized_client response_type.unregistered',
      ],
      [
        'a client without the implicit grant',
        { response_type: 'id_token', nonce: 'n' },
        { responseTypes: ['code', 'id_token'] },
        'unauthorized_client response_type.unregistered',
      ],
      [
        'an implicit request of a client that is registered for code alone',
        { response_type: 'id_token token', nonce: 'n' },
        {},
        'unauthorized_client response_type.unregistered',
      ],
      ['an ID token without nonce', { response_type: 'id_token' }, everyFlow, 'invalid_request nonce.missing'],
      [
        'a code with an ID token and without nonce',
        { response_type: 'code id_token' },
        everyFlow,
        'invalid_request nonce.missing',
      ],
      [
        'an ID token without the scope openid',
        { response_type: 'code id_token', nonce: 'n', scope: 'read' },
        everyFlow,
        'invalid_request response_type.not_openid',
      ],
      [
        'a token in the query',
        { response_type: 'code token', response_mode: 'query' },
        everyFlow,
        'invalid_request response_mode.query_with_token',
      ],
      [
        'a hybrid request without code_challenge',
        { response_type: 'code id_token', nonce: 'n', code_challenge: undefined, code_challenge_method: undefined },
        everyFlow,
        'invalid_request pkce.required',
      ],
      ['a registration', { registration: '{}' }, {}, 'registration_not_supported registration.unsupported'],
      [
        'authorization_details (RFC 9396 5)',
        { authorization_details: '[{"type":"payment"}]' },
        {},
        'invalid_authorization_details authorization_details.unsupported',
      ],
      ['an unknown response_mode', { response_mode: 'web_message' }, {}, 'invalid_request response_mode.unsupported'],
      ['an unregistered scope', { scope: 'openid admin' }, {}, 'invalid_scope scope.unregistered'],
      ['a malformed scope', { scope: 'openid a"b' }, {}, 'invalid_scope scope.malformed'],
      [
        'no code_challenge',
        { code_challenge: undefined, code_challenge_method: undefined },
        {},
        'invalid_request pkce.required',
      ],
      ['a method without a challenge', { code_challenge: undefined }, {}, 'invalid_request pkce.method_alone'],
      ['the plain method', { code_challenge_method: 'plain' }, {}, 'invalid_request pkce.method'],
      [
        'plain by leaving the method out (RFC 7636 4.3)',
        { code_challenge_method: undefined },
        {},
        'invalid_request pkce.method',
      ],
      ['a malformed challenge', { code_challenge: 'abc' }, {}, 'invalid_request pkce.malformed'],
      ['an unknown prompt', { prompt: 'create' }, {}, 'invalid_request prompt.unsupported'],
      ['a prompt without end', { prompt: 'login '.repeat(100) }, {}, 'invalid_request prompt.unsupported'],
      ['prompt=none with another', { prompt: 'login none' }, {}, 'invalid_request prompt.none_not_alone'],
      ['a negative max_age', { max_age: '-1' }, {}, 'invalid_request max_age.malformed'],
      ['a max_age in words', { max_age: '1h' }, {}, 'invalid_request max_age.malformed'],
      ['a max_age of eleven digits', { max_age: '10000000000' }, {}, 'invalid_request max_age.malformed'],
      ['a nonce of 1001 characters', { nonce: 'n'.repeat(1001) }, {}, 'invalid_request nonce.too_long'],
      ['a login_hint of 321 characters', { login_hint: 'n'.repeat(321) }, {}, 'invalid_request login_hint.too_long'],
      [
        'an id_token_hint of 8001 characters',
        { id_token_hint: 'n'.repeat(8001) },
        {},
        'invalid_request id_token_hint.too_long',
      ],
      [
        '21 acr_values',
        { acr_values: [...'abcdefghijklmnopqrstu'].join(' ') },
        {},
        'invalid_request acr_values.too_long',
      ],
      ['a locale of 201 characters', { ui_locales: 'n'.repeat(201) }, {}, 'invalid_request ui_locales.too_long'],
    ])('%s', (_name, changes, client, expected) => {
      const result = check(changes, aClient(client));
      expect(outcome(result)).toBe(`denied ${expected}`);
      expect(result).toMatchObject({ redirectUri: usual.redirect_uri, state: 'xyz' });
    });

    it('a state of more than 2000 characters, and does not send it back', () => {
      expect(accepted(check({ state: 's'.repeat(2000) })).state).toHaveLength(2000);
      const result = check({ state: 's'.repeat(2001) });
      expect(outcome(result)).toBe('denied invalid_request state.too_long');
      expect(result).toMatchObject({ state: undefined });
    });

    it.each([
      [{ prompt: 'x', response_mode: 'form_post' }, 'form_post'],
      [{ prompt: 'x', response_mode: 'fragment' }, 'fragment'],
      [{ prompt: 'x', response_mode: 'web_message' }, 'query'],
      [{ prompt: 'x' }, 'query'],
      [{ response_type: 'id_token token' }, 'fragment'],
      [{ response_type: 'code id_token' }, 'fragment'],
      [{ response_type: 'id_token', response_mode: 'form_post' }, 'form_post'],
      [{ response_type: 'id_token', response_mode: 'query' }, 'fragment'],
      [{ response_type: 'token', response_mode: 'query' }, 'fragment'],
      [{ response_type: 'nonsense' }, 'query'],
      [{ response_type: undefined }, 'query'],
    ])('%j by the mode where the client looks for it', (changes, responseMode) => {
      expect(check(changes)).toMatchObject({ kind: 'denied', responseMode });
    });
  });

  it.each<[string, Changes, Partial<AuthorizationRequest>]>([
    ['id_token', {}, { responseMode: 'fragment', codeChallenge: undefined }],
    ['token id_token', {}, { responseType: 'id_token token', responseMode: 'fragment' }],
    ['code id_token', {}, { responseMode: 'fragment', codeChallenge: challenge }],
    ['code id_token token', { response_mode: 'form_post' }, { responseMode: 'form_post' }],
    ['code token', { nonce: undefined }, { responseMode: 'fragment', nonce: undefined }],
    ['code token', { nonce: undefined, scope: 'read' }, { scope: ['read'] }],
    ['code', { response_mode: 'fragment' }, { responseMode: 'fragment' }],
  ])('accepts the response type %s with %j', (response_type, changes, expected) => {
    expect(accepted(check({ response_type, nonce: 'n', ...changes }, aClient(everyFlow)))).toMatchObject({
      responseType: response_type,
      ...expected,
    });
  });

  it('ignores PKCE where there is no code to prove, and offline_access where there is none to refresh by (OpenID Connect Core 11)', () => {
    const sent = { response_type: 'id_token token', nonce: 'n', code_challenge: 'x', code_challenge_method: 'plain' };
    expect(accepted(check({ ...sent, scope: 'openid offline_access' }, aClient(everyFlow)))).toMatchObject({
      scope: ['openid'],
      codeChallenge: undefined,
    });
    expect(
      accepted(
        check({ response_type: 'code id_token', nonce: 'n', scope: 'openid offline_access' }, aClient(everyFlow)),
      ).scope,
    ).toEqual(['openid', 'offline_access']);
  });

  it('takes the default_max_age and default_acr_values of the client where the request has none (OpenID Connect Registration 2)', () => {
    const client = aClient({ defaultMaxAge: 60, defaultAcrValues: ['urn:b'] });
    expect(accepted(check({}, client))).toMatchObject({ maxAge: 60, acrValues: ['urn:b'] });
    expect(accepted(check({ max_age: '5', acr_values: 'urn:a' }, client))).toMatchObject({
      maxAge: 5,
      acrValues: ['urn:a'],
    });
    expect(accepted(check({}))).toMatchObject({ maxAge: undefined, acrValues: undefined });
  });

  it("takes the client's default redirect URI and scope where an OAuth request names none (RFC 6749 3.1.2.3, 3.3)", () => {
    expect(accepted(check({ redirect_uri: undefined, scope: undefined }))).toMatchObject({
      redirectUri: 'https://client.example.com/cb',
      redirectUriSent: false,
      scope: ['read'],
    });
  });

  it('keeps the redirect URI as it was sent, where the port of a loopback address differs (RFC 8252 7.3)', () => {
    const client = aClient({ applicationType: 'native', redirectUris: ['http://127.0.0.1/cb'] });
    expect(accepted(check({ redirect_uri: 'http://127.0.0.1:49152/cb' }, client)).redirectUri).toBe(
      'http://127.0.0.1:49152/cb',
    );
  });

  it.each<[AuthorizationPolicy['pkce'], Client['type'], boolean, boolean]>([
    ['required', 'public', true, true],
    ['required', 'confidential', true, true],
    ['required', 'confidential', false, true],
    ['public', 'public', true, true],
    ['public', 'public', false, true],
    ['public', 'confidential', true, true],
    ['public', 'confidential', false, false],
  ])('PKCE policy %s, %s client, pkceRequired %s: demanded %s', (pkce, type, pkceRequired, demanded) => {
    const result = check(
      { code_challenge: undefined, code_challenge_method: undefined },
      aClient({ type, pkceRequired }),
      { pkce },
    );
    expect(outcome(result)).toBe(demanded ? 'denied invalid_request pkce.required' : 'accepted');
  });

  it('keeps a challenge that was not demanded, so that it must be proved', () => {
    expect(accepted(check({}, aClient({ pkceRequired: false }), { pkce: 'public' })).codeChallenge).toBe(challenge);
  });

  it('answers every request in one of the three ways, and only to a registered address', () => {
    const client = aClient();
    const names = [
      ...Object.keys(usual),
      'nonce',
      'prompt',
      'max_age',
      'response_mode',
      'acr_values',
      'request',
      'login_hint',
    ];
    const values = fc.oneof(
      fc.string(),
      fc.constantFrom('none', 'code', 'S256', '0', client.id, 'openid', ...Object.values(usual)),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), values), (changes) => {
        const result = check(changes, client);
        if (result.kind === 'denied') expect(client.redirectUris).toContain(result.redirectUri);
        if (result.kind === 'accepted') expect(client.redirectUris).toContain(result.request.redirectUri);
        // RFC 6749 4.1.2.1: the characters of error_description
        else expect(result.error.description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a kept authorization request', () => {
  it('is read back as it was written', () => {
    const text = fc.option(fc.string(), { nil: undefined });
    const list = fc.option(fc.array(fc.string(), { minLength: 1 }), { nil: undefined });
    const requests = fc.record<AuthorizationRequest>({
      clientId: fc.string(),
      responseType: fc.constantFrom(...responseTypeNames),
      responseMode: fc.constantFrom('query', 'fragment', 'form_post'),
      redirectUri: fc.webUrl(),
      redirectUriSent: fc.boolean(),
      scope: fc.array(fc.string()),
      state: text,
      nonce: text,
      codeChallenge: text,
      prompt: fc.subarray(['login', 'consent', 'select_account'] as const),
      maxAge: fc.option(fc.nat(), { nil: undefined }),
      loginHint: text,
      idTokenHint: text,
      acrValues: list,
      uiLocales: list,
      display: fc.constantFrom('page', 'popup', undefined),
    });
    fc.assert(
      fc.property(requests, (request) => {
        expect(parseAuthorizationRequest(writeAuthorizationRequest(request))).toEqual(request);
      }),
    );
  });
});
