import { outcomeOf } from '../../test/outcome.js';
import { epochSeconds } from '../kernel/index.js';
import { requestObjectParameters } from './request-object.js';
import { securityProfile, type SecurityProfileName } from './security-profile.js';

const issuer = 'https://server.example.com';
const clientId = 's6BhdRkqt3';
const now = epochSeconds(1_800_000_000);
const query = { client_id: clientId, response_type: 'code', scope: 'openid', state: 'outer', request: 'h.p.s' };

type Claims = Readonly<Record<string, unknown>>;

interface Options {
  readonly typ?: unknown;
  readonly outer?: Readonly<Record<string, string>>;
  readonly profile?: SecurityProfileName;
  readonly signedParametersOnly?: boolean;
}

function read(claims: Claims, options: Options = {}) {
  return Object.fromEntries(
    requestObjectParameters(
      { header: { alg: 'RS256', ...(options.typ === undefined ? {} : { typ: options.typ }) }, claims },
      {
        outer: new Map(Object.entries(options.outer ?? query)),
        clientId,
        issuer,
        now,
        signedParametersOnly: options.signedParametersOnly ?? false,
        profile: securityProfile(options.profile ?? 'none'),
      },
    ),
  );
}

function refusal(claims: Claims, options: Parameters<typeof read>[1] = {}): string {
  const outcome = outcomeOf(() => read(claims, options));
  return typeof outcome === 'string' ? outcome : 'accepted';
}

/** An object so many levels deep. */
const nested = (levels: number): Claims => (levels === 1 ? {} : { a: nested(levels - 1) });

describe('requestObjectParameters', () => {
  it('reads the request object of OpenID Connect Core 6.1, numbers and claims among it', () => {
    expect(
      read({
        iss: clientId,
        aud: issuer,
        response_type: 'code',
        client_id: clientId,
        redirect_uri: 'https://client.example.org/cb',
        scope: 'openid',
        state: 'af0ifjsldkj',
        nonce: 'n-0S6_WzA2Mj',
        max_age: 86400,
        claims: { userinfo: { given_name: { essential: true } } },
      }),
    ).toEqual({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: 'https://client.example.org/cb',
      scope: 'openid',
      state: 'af0ifjsldkj',
      nonce: 'n-0S6_WzA2Mj',
      max_age: '86400',
      claims: '{"userinfo":{"given_name":{"essential":true}}}',
    });
  });

  describe('beside parameters of the query', () => {
    it('an OpenID request keeps those that the object does not name, and takes its own else (6.1)', () => {
      expect(read({ state: 'inner', nonce: 'n' })).toEqual({
        client_id: clientId,
        response_type: 'code',
        scope: 'openid',
        state: 'inner',
        nonce: 'n',
      });
    });

    it.each<[string, Parameters<typeof read>[1]]>([
      ['an OAuth request', { outer: { ...query, scope: 'read' } }],
      ['a request without scope', { outer: { client_id: clientId, request: 'h.p.s', state: 'outer' } }],
      ['an object that says that it is one', { typ: 'oauth-authz-req+jwt' }],
      ['the same with its whole media type', { typ: 'application/OAUTH-authz-req+JWT' }],
    ])('%s takes what is signed and nothing else (RFC 9101 6.3)', (_what, options) => {
      expect(read({ nonce: 'n', response_type: 'code' }, options)).toEqual({
        client_id: clientId,
        nonce: 'n',
        response_type: 'code',
      });
    });

    it('is told of no other request object, and of no claims of the JWT itself (RFC 9101 4)', () => {
      const outer = { ...query, request_uri: 'https://client.example.org/request' };
      const ofTheJwt = { iss: clientId, aud: issuer, exp: now + 1, nbf: now, iat: now, jti: 'one', sub: 'ada' };
      expect(read({ ...ofTheJwt, nonce: 'n' }, { outer })).toEqual({
        client_id: clientId,
        response_type: 'code',
        scope: 'openid',
        state: 'outer',
        nonce: 'n',
      });
    });

    it('a list of resources is written as in the query, any other list as JSON (RFC 8707 2)', () => {
      expect(read({ resource: ['urn:a', 'urn:b'] })).toHaveProperty('resource', 'urn:a urn:b');
      expect(read({ resource: ['urn:a', 1] })).toHaveProperty('resource', '["urn:a",1]');
      expect(read({ acr_values: ['a', 'b'] })).toHaveProperty('acr_values', '["a","b"]');
    });

    it('a value that is null or empty is as if left out', () => {
      expect(read({ state: null, nonce: '' })).toMatchObject({ state: 'outer' });
    });
  });

  it.each<[string, Claims, Parameters<typeof read>[1] & object, string]>([
    ['another client_id inside', { client_id: 'other' }, {}, 'request_object.client_id'],
    ['another issuer', { iss: 'other' }, {}, 'request_object.iss'],
    ['another audience', { aud: 'https://other.example' }, {}, 'request_object.aud'],
    ['other audiences', { aud: ['https://other.example'] }, {}, 'request_object.aud'],
    ['an expired one', { exp: now }, {}, 'request_object.expired'],
    ['an expiry in words', { exp: 'tomorrow' }, {}, 'request_object.expired'],
    ['an endless expiry', { exp: Number.POSITIVE_INFINITY }, {}, 'request_object.expired'],
    ['nbf in words', { nbf: 'today' }, {}, 'request_object.too_early'],
    ['iat in words', { iat: 'today' }, {}, 'request_object.too_early'],
    ['claims that are nested too deeply', { claims: nested(13) }, {}, 'request_object.nesting'],
    ['a type that begins like one', {}, { typ: 'oauth-authz-req+jwt2' }, 'request_object.typ'],
    ['a type below another tree', {}, { typ: 'jwtapplication/' }, 'request_object.typ'],
    ['an empty type', {}, { typ: '' }, 'request_object.typ'],
    ['one for later', { nbf: now + 61 }, {}, 'request_object.too_early'],
    ['one from the future', { iat: now + 61 }, {}, 'request_object.too_early'],
    ['another type of JWT', {}, { typ: 'at+jwt' }, 'request_object.typ'],
    ['a type that is no text', {}, { typ: 1 }, 'request_object.typ'],
    ['a client assertion (RFC 9101 10.8)', { iss: clientId, sub: clientId }, {}, 'request_object.assertion'],
    ['a request in it (RFC 9101 4)', { request: 'h.p.s' }, {}, 'request_object.nested'],
    ['a request_uri in it (RFC 9101 4)', { request_uri: 'https://x.example' }, {}, 'request_object.nested'],
    [
      'another response_type than the query (6.1)',
      { response_type: 'code id_token' },
      {},
      'request_object.response_type',
    ],
    [
      'a response_type that the query lacks (6.1)',
      { response_type: 'code' },
      { outer: { client_id: clientId, scope: 'openid' } },
      'request_object.response_type',
    ],
  ])('refuses %s', (_what, claims, options, reason) => {
    expect(refusal(claims, options)).toBe(`invalid_request_object ${reason}`);
  });

  it.each<[string, Claims, (Parameters<typeof read>[1] & object)?]>([
    ['one that lives', { exp: now + 1, nbf: now, iat: now }],
    ['one of a clock that is a minute ahead', { nbf: now + 60, iat: now + 60 }],
    ['one for us among others', { aud: ['https://other.example', issuer] }],
    ['typ JWT', {}, { typ: 'JWT' }],
    ['one for us alone', { aud: issuer }],
    [
      'the client as subject of what says that it is a request object',
      { sub: clientId },
      { typ: 'oauth-authz-req+jwt' },
    ],
    ['a subject that is a person', { sub: 'ada' }],
  ])('accepts %s', (_what, claims, ...[options]) => {
    expect(refusal(claims, options)).toBe('accepted');
  });
});

it('ignores parameters outside of the request object where only signed ones count (RFC 9101 6.3)', () => {
  const outer = { client_id: clientId, response_type: 'code', scope: 'openid', state: 'outer' };
  expect(read({ scope: 'openid' }, { outer })).toMatchObject({ state: 'outer', response_type: 'code' });
  expect(read({ scope: 'openid' }, { outer, signedParametersOnly: true })).toEqual({
    client_id: clientId,
    scope: 'openid',
  });
});

describe('requestObjectParameters under a profile', () => {
  const good = { iss: clientId, aud: issuer, nbf: now, exp: now + 60, response_type: 'code' };
  const outcomeOf = (claims: Claims, profile: SecurityProfileName = 'fapi-2-message-signing'): string =>
    refusal({ ...good, ...claims }, { profile, outer: { client_id: clientId } });

  // FAPI 2.0 Message Signing 5.3.1
  it.each<[string, Claims, string]>([
    ['all that is needed', {}, 'accepted'],
    ['no aud', { aud: undefined }, 'invalid_request_object request_object.aud_missing'],
    ['no exp', { exp: undefined }, 'invalid_request_object request_object.exp_missing'],
    ['no nbf', { nbf: undefined }, 'invalid_request_object request_object.nbf_missing'],
    ['an nbf an hour ago', { nbf: now - 3600, exp: now + 0.5 }, 'invalid_request_object request_object.lifetime'],
    ['an nbf an hour ago that ends within it', { nbf: now - 3599, exp: now + 1 }, 'accepted'],
    ['an older nbf', { nbf: now - 3601, exp: now + 1 }, 'invalid_request_object request_object.too_old'],
    ['an hour of validity', { exp: now + 3600 }, 'accepted'],
    ['more than an hour of validity', { exp: now + 3601 }, 'invalid_request_object request_object.lifetime'],
    ['an exp that is now', { exp: now }, 'invalid_request_object request_object.expired'],
    // 5.3.2.1 of the Security Profile: ten seconds ahead are accepted.
    ['an nbf in ten seconds', { nbf: now + 10 }, 'accepted'],
    ['an nbf in eleven seconds', { nbf: now + 11 }, 'invalid_request_object request_object.too_early'],
    ['an iat in ten seconds', { iat: now + 10 }, 'accepted'],
    ['an iat in eleven seconds', { iat: now + 11 }, 'invalid_request_object request_object.too_early'],
  ])('%s: %s', (_what, claims, expected) => {
    expect(outcomeOf(claims)).toBe(expected);
  });

  it('asks for none of it without message signing', () => {
    expect(outcomeOf({ aud: undefined, exp: undefined, nbf: undefined }, 'fapi-2-security')).toBe('accepted');
    expect(outcomeOf({ nbf: now + 11 }, 'fapi-2-security')).toBe('invalid_request_object request_object.too_early');
    expect(outcomeOf({ nbf: now + 60 }, 'none')).toBe('accepted');
    expect(outcomeOf({ nbf: now + 61 }, 'none')).toBe('invalid_request_object request_object.too_early');
  });
});
