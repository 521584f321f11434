import fc from 'fast-check';
import { outcomeOf } from '../../test/outcome.js';
import { OAuthError } from './oauth-error.js';
import {
  checkRefreshScope,
  formatScope,
  isAdministrationScope,
  isScopeToken,
  isSubset,
  parseScope,
  standardScopes,
} from './scope.js';

it.each(['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'roles', 'application_roles'])(
  '%s is a scope of this server',
  (scope) => expect(standardScopes).toContain(scope),
);

it.each([
  ['gatehouse:admin', true],
  ['gatehouse:read', true],
  ['gatehouse:', true],
  ['gatehouse', false],
  ['read:gatehouse:', false],
  ['openid', false],
])('%s opens the administration: %s', (scope, expected) => {
  expect(isAdministrationScope(scope)).toBe(expected);
});

describe('parseScope', () => {
  it.each([
    ['', []],
    ['openid', ['openid']],
    ['openid profile email', ['openid', 'profile', 'email']],
    ['b a b', ['b', 'a']],
    ['read  write ', ['read', 'write']],
    ['https://api.example.com/read!', ['https://api.example.com/read!']],
  ])('reads %j in its order, each token once', (text, scope) => {
    expect(parseScope(text)).toEqual(scope);
  });

  it.each([
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a tab', 'a\tb'],
    ['a line break', 'a\nb'],
    ['a letter beyond ASCII', 'lés'],
    ['DEL', 'a\x7f'],
    ['spaces alone', '   '],
    ['a token of 201 characters', 'a'.repeat(201)],
    ['one wrong token among others', 'read wr"ite'],
    ['101 tokens', Array.from({ length: 101 }, (_, index) => `s${index}`).join(' ')],
    ['a megabyte of spaces and a token', `${' '.repeat(1_000_000)}a`],
  ])('refuses %s (RFC 6749 3.3)', (_name, text) => {
    expect(outcomeOf(() => parseScope(text))).toBe('invalid_scope scope.malformed');
  });

  it('reads back the largest scope that it allows', () => {
    const scope = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(200, 'x'));
    expect(parseScope(formatScope(scope))).toEqual(scope);
    expect(parseScope(`${formatScope(scope)} `)).toEqual(scope);
  });

  it('reads any number of different scopes, each right however often it comes', () => {
    for (let round = 0; round < 2; round++)
      for (let n = 0; n < 1200; n++) expect(parseScope(`read s${n}`)).toEqual(['read', `s${n}`]);
  });

  it('reads back whatever formatScope wrote', () => {
    const token = fc.string({ minLength: 1, maxLength: 20 }).filter(isScopeToken);
    fc.assert(
      fc.property(fc.uniqueArray(token, { maxLength: 20 }), (scope) => {
        expect(parseScope(formatScope(scope))).toEqual(scope);
      }),
    );
  });
});

describe('isSubset', () => {
  it.each([
    [[], [], true],
    [[], ['a'], true],
    [['a'], ['b', 'a'], true],
    [['a', 'c'], ['b', 'a'], false],
    [['A'], ['a'], false],
  ])('%j of %j: %s', (part, whole, expected) => {
    expect(isSubset(part, whole)).toBe(expected);
  });
});

describe('checkRefreshScope (RFC 6749 6)', () => {
  it('is what was granted where nothing is asked', () => {
    expect(checkRefreshScope(['a', 'b'], undefined)).toEqual(['a', 'b']);
  });

  it('may be narrower', () => {
    expect(checkRefreshScope(['a', 'b', 'c'], ['c', 'a'])).toEqual(['c', 'a']);
  });

  it.each([[['a', 'd']], [['d']]])('is refused for %j', (requested) => {
    expect(outcomeOf(() => checkRefreshScope(['a', 'b'], requested))).toBe('invalid_scope scope.widened');
  });

  it('never exceeds what was granted', () => {
    const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
    fc.assert(
      fc.property(scopes, scopes, (granted, requested) => {
        try {
          expect(isSubset(checkRefreshScope(granted, requested), granted)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
          expect(isSubset(requested, granted)).toBe(false);
        }
      }),
    );
  });
});
