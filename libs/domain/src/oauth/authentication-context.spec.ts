import {
  acrOf,
  addMethods,
  authenticationContexts,
  authenticationRequirements,
  contextsOf,
  requiresPasskey,
  preferredContexts,
  unmetRequirements,
  type AuthenticationMethod,
} from './authentication-context.js';

const [phr, mfa, pwd] = authenticationContexts;

describe('authentication contexts (OpenID Connect Core 2, acr)', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['a password', ['pwd'], [pwd]],
    ['a password and a code', ['pwd', 'otp', 'mfa'], [mfa, pwd]],
    ['a password and a passkey', ['pwd', 'pop', 'user', 'mfa'], [phr, mfa, pwd]],
    ['a passkey that verified its person', ['pop', 'user', 'mfa'], [phr, mfa]],
    ['a key alone, which is one factor', ['pop', 'user'], []],
    ['nothing known', [], []],
  ])('%s meets what it meets and no more', (_name, amr, met) => {
    expect(contextsOf(amr)).toEqual(met);
    expect(acrOf(amr)).toBe(met[0]);
  });

  it.each<[readonly string[], readonly string[] | undefined, string | undefined]>([
    [['pwd', 'otp', 'mfa'], [pwd, mfa], pwd],
    [['pwd', 'otp', 'mfa'], [phr, mfa], mfa],
    [['pwd', 'otp', 'mfa'], ['1', '2'], mfa],
    [['pwd', 'pop', 'mfa'], [mfa], mfa],
    [['pop', 'user', 'mfa'], [pwd], phr],
    [['pwd'], undefined, pwd],
  ])('tells of %j, asked for %j, the class that was met and asked for first', (amr, preferred, acr) => {
    expect(acrOf(amr, preferred)).toBe(acr);
  });

  it.each<[readonly string[], readonly AuthenticationMethod[], readonly string[]]>([
    [['pwd'], ['otp'], ['pwd', 'otp', 'mfa']],
    [['pwd'], ['otp', 'recovery'], ['pwd', 'otp', 'recovery', 'mfa']],
    [['pwd'], ['pop', 'user'], ['pwd', 'pop', 'user', 'mfa']],
    [[], ['pop', 'user', 'mfa'], ['pop', 'user', 'mfa']],
    [
      ['pwd', 'otp', 'mfa'],
      ['pop', 'user'],
      ['pwd', 'otp', 'pop', 'user', 'mfa'],
    ],
    [['pwd'], [], ['pwd']],
    [['pwd', 'otp', 'mfa'], ['otp'], ['pwd', 'otp', 'mfa']],
  ])('adds to %j %j: more than one factor is told (RFC 8176 2)', (amr, added, all) => {
    expect(addMethods(amr, added)).toEqual(all);
  });

  const asks = { secondFactorRequired: true };
  const asksNot = { secondFactorRequired: false };

  it('takes acr_values that it knows in earnest, and leaves others aside (OpenID Connect Core 3.1.2.1, RFC 9470 5)', () => {
    expect(authenticationRequirements({ acrValues: ['1', mfa, '2'] }, asksNot)).toEqual([[mfa]]);
    expect(authenticationRequirements({ acrValues: ['1', '2'] }, asksNot)).toEqual([]);
    expect(authenticationRequirements({ acrValues: [pwd] }, asks)).toEqual([[mfa], [pwd]]);
  });

  it('takes every value of an essential claim in earnest, and those it knows of a voluntary one (OpenID Connect Core 5.5.1.1)', () => {
    const claims = (acr: object) => ({ claims: { idToken: { acr } } });
    expect(authenticationRequirements(claims({ essential: true, values: ['1'] }), asksNot)).toEqual([['1']]);
    expect(authenticationRequirements(claims({ essential: true, values: [mfa, phr, 7] }), asksNot)).toEqual([
      [mfa, phr],
    ]);
    expect(authenticationRequirements(claims({ essential: true }), asksNot)).toEqual([]);
    expect(authenticationRequirements(claims({ values: ['1', mfa] }), asksNot)).toEqual([[mfa]]);
    expect(authenticationRequirements({ claims: { userinfo: { acr: { values: [mfa] } } } }, asksNot)).toEqual([]);
    expect(preferredContexts({ acrValues: [pwd], ...claims({ values: [mfa] }) })).toEqual([mfa, pwd]);
  });

  it('finds what is unmet, and whether a passkey alone helps', () => {
    const asked = [[mfa], [phr, pwd]];
    expect(unmetRequirements(asked, ['pwd'])).toEqual([[mfa]]);
    expect(unmetRequirements(asked, ['pop', 'user', 'mfa'])).toEqual([]);
    expect(requiresPasskey([[mfa, phr]])).toBe(false);
    expect(requiresPasskey([[mfa], [phr]])).toBe(true);
    expect(requiresPasskey([])).toBe(false);
  });
});
