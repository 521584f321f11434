import { methodTexts } from './method-texts.js';

function keysOf(amr: readonly string[]): readonly string[] {
  return methodTexts(amr).map((each) => (typeof each === 'string' ? each : each.key));
}

describe('methodTexts', () => {
  it.each([
    [['pwd'], ['method.password']],
    [
      ['pwd', 'otp', 'mfa'],
      ['method.password', 'method.app'],
    ],
    [
      ['pwd', 'otp', 'recovery', 'mfa'],
      ['method.password', 'method.recoveryCode'],
    ],
    [['pop', 'user', 'mfa'], ['method.passkey']],
    [
      ['pwd', 'kba'],
      ['method.password', 'kba'],
    ],
    [[], []],
  ])('names %j', (amr, expected) => {
    expect(keysOf(amr)).toEqual(expected);
  });
});
