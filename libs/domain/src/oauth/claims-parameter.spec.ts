import fc from 'fast-check';
import { outcomeOf } from '../../test/outcome.js';
import { claimRequestOf, fitsClaimRequest, parseClaimsParameter } from './claims-parameter.js';
import { OAuthError } from './oauth-error.js';

const reasonOf = (text: string): string => {
  const outcome = outcomeOf(() => parseClaimsParameter(text));
  return typeof outcome === 'string' ? outcome : 'accepted';
};

describe('parseClaimsParameter (OpenID Connect Core 5.5)', () => {
  it('reads the example of 5.5', () => {
    expect(
      parseClaimsParameter(`{
        "userinfo": {
          "given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
          "email_verified": {"essential": true}, "picture": null, "http://example.info/claims/groups": null
        },
        "id_token": {
          "auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"] }
        }
      }`),
    ).toEqual({
      userinfo: {
        given_name: { essential: true },
        nickname: {},
        email: { essential: true },
        email_verified: { essential: true },
        picture: {},
        'http://example.info/claims/groups': {},
      },
      idToken: { auth_time: { essential: true }, acr: { values: ['urn:mace:incommon:iap:silver'] } },
    });
  });

  it('takes value as a list of one, and both together', () => {
    expect(parseClaimsParameter('{"id_token":{"sub":{"value":"248289761001"}}}')).toEqual({
      idToken: { sub: { values: ['248289761001'] } },
    });
    expect(parseClaimsParameter('{"id_token":{"a":{"value":1,"values":[2]},"b":{"value":null}}}')).toEqual({
      idToken: { a: { values: [1, 2] }, b: { values: [null] } },
    });
  });

  it.each(['{}', '{"userinfo":{}}', '{"userinfo":{},"id_token":{}}', '{"other":{"x":null},"purpose":1}'])(
    '%s asks for nothing',
    (text) => {
      expect(parseClaimsParameter(text)).toBeUndefined();
    },
  );

  it('ignores what it does not know of a claim, and essential: false', () => {
    expect(parseClaimsParameter('{"userinfo":{"name":{"essential":false,"purpose":"why","max_age":1}}}')).toEqual({
      userinfo: { name: {} },
    });
  });

  it.each([
    ['no JSON', 'name', 'claims.not_json'],
    ['a list', '[]', 'claims.not_an_object'],
    ['null', 'null', 'claims.not_an_object'],
    ['a member that is a list', '{"userinfo":["name"]}', 'claims.member'],
    ['a member that is null', '{"id_token":null}', 'claims.member'],
    ['a claim that is a text', '{"userinfo":{"name":"Ada"}}', 'claims.request'],
    ['a claim that is a list', '{"userinfo":{"name":[]}}', 'claims.request'],
    ['essential in words', '{"userinfo":{"name":{"essential":"yes"}}}', 'claims.essential'],
    ['values that are no list', '{"userinfo":{"name":{"values":"Ada"}}}', 'claims.values'],
    [
      '21 values',
      JSON.stringify({ userinfo: { a: { values: Array.from({ length: 21 }, () => 1) } } }),
      'claims.too_many_values',
    ],
    [
      '101 claims',
      JSON.stringify({ userinfo: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`c${at}`, null])) }),
      'claims.too_many',
    ],
    ['4001 characters', `{"userinfo":{"${'n'.repeat(4001 - 20)}":null}}`, 'claims.too_long'],
  ])('refuses %s', (_what, text, reason) => {
    expect(reasonOf(text)).toBe(`invalid_request ${reason}`);
  });

  it('is not confused by names of JavaScript itself', () => {
    const request = parseClaimsParameter('{"userinfo":{"__proto__":{"essential":true},"constructor":null}}');
    expect(Object.keys(request?.userinfo ?? {})).toEqual(['__proto__', 'constructor']);
    expect(claimRequestOf(parseClaimsParameter('{"userinfo":{"name":null}}')?.userinfo, 'constructor')).toBeUndefined();
    expect(JSON.parse(JSON.stringify(request))).toEqual(request);
  });

  it('answers anything by a request or an invalid_request, and what it gives survives being stored', () => {
    const text = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.jsonValue().map((value) => JSON.stringify({ userinfo: { name: value }, id_token: value })),
    );
    fc.assert(
      fc.property(text, (claims) => {
        try {
          const request = parseClaimsParameter(claims);
          if (request) expect(JSON.parse(JSON.stringify(request))).toEqual(request);
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('fitsClaimRequest', () => {
  it.each([
    [{}, 'anything', true],
    [{ values: ['a', 'b'] }, 'b', true],
    [{ values: ['a'] }, 'b', false],
    [{ values: [] }, 'b', false],
    [{ values: [true] }, true, true],
    [{ values: ['true'] }, true, false],
    [{ values: [{ country: 'FR' }] }, { country: 'FR' }, true],
  ])('%j and %j: %s', (request, value, fits) => {
    expect(fitsClaimRequest(request, value)).toBe(fits);
  });
});
