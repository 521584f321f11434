import { epochSeconds } from '../kernel/index.js';
import type { ClaimsMember } from '../oauth/index.js';
import { allowedClaims, claimsBeyondScope, requestedClaims } from './claims-request.js';
import type { Person } from './claims.js';

const ada: Person = {
  username: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  emailVerified: true,
  profile: {},
  updatedAt: epochSeconds(5),
  roles: ['admin'],
};

describe('requestedClaims (OpenID Connect Core 5.5)', () => {
  it.each<[string, ClaimsMember | undefined, object]>([
    ['nothing', undefined, {}],
    [
      'claims by their names',
      { name: {}, email: { essential: true } },
      { name: 'Ada Lovelace', email: 'ada@example.com' },
    ],
    [
      'what the person has not given, which is left out',
      { given_name: { essential: true }, name: {} },
      { name: 'Ada Lovelace' },
    ],
    ['what is no claim about a person', { iss: {}, sub: {}, groups: {}, constructor: {}, acr: { values: ['x'] } }, {}],
    ['a value that fits', { email_verified: { values: [true] } }, { email_verified: true }],
    ['a value that does not fit', { email: { values: ['bob@example.com'] } }, {}],
    ['roles, which the scope must allow', { roles: { essential: true } }, {}],
  ])('%s', (_what, member, expected) => {
    expect(requestedClaims(ada, member, ['openid'])).toEqual(expected);
  });

  it('tells roles where the scope allows them', () => {
    expect(requestedClaims(ada, { roles: {} }, ['openid', 'roles'])).toEqual({ roles: ['admin'] });
  });
});

describe('claimsBeyondScope', () => {
  it('names what no scope asks for, each once, and nothing that is no claim about a person', () => {
    const request = {
      userinfo: { name: {}, email: {}, groups: {}, roles: {} },
      idToken: { email: {}, acr: {}, auth_time: {}, sub: {} },
    };
    expect(claimsBeyondScope(request, ['openid'])).toEqual(['name', 'email']);
    expect(claimsBeyondScope(request, ['openid', 'profile'])).toEqual(['email']);
    expect(claimsBeyondScope(request, ['openid', 'profile', 'email'])).toEqual([]);
  });
});

describe('allowedClaims', () => {
  const asked = {
    userinfo: { phone_number: { essential: true as const }, email: {} },
    idToken: { birthdate: {}, auth_time: { essential: true as const }, roles: {} },
  };
  const restrictedAt = epochSeconds(1);

  it('is everything for a client that is not limited', () => {
    expect(allowedClaims(asked, { restrictedAt: undefined, scope: ['openid'] })).toBe(asked);
    expect(allowedClaims(undefined, { restrictedAt, scope: ['openid'] })).toBeUndefined();
  });

  it('is, for a limited one, what its scopes tell, and what is not about the person', () => {
    expect(allowedClaims(asked, { restrictedAt, scope: ['openid', 'email'] })).toEqual({
      userinfo: { email: {} },
      idToken: { auth_time: { essential: true } },
    });
    expect(allowedClaims(asked, { restrictedAt, scope: ['openid', 'profile'] })).toEqual({
      idToken: { birthdate: {}, auth_time: { essential: true } },
    });
    expect(allowedClaims({ userinfo: asked.userinfo }, { restrictedAt, scope: ['openid'] })).toBeUndefined();
  });
});
