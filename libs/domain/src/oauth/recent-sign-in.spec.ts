import { epochSeconds } from '../kernel/index.js';
import { isRecentSignIn, missingForRecentSignIn } from './recent-sign-in.js';

const now = epochSeconds(1_800_000_000);

describe('missingForRecentSignIn', () => {
  it.each<[number, string[], boolean, string | undefined]>([
    [0, ['pwd'], false, undefined],
    [600, ['pwd'], false, undefined],
    [601, ['pwd'], false, 'sign-in'],
    [0, ['pwd'], true, 'second-factor'],
    [600, ['pwd', 'otp', 'mfa'], true, undefined],
    [601, ['pwd', 'otp', 'mfa'], true, 'sign-in'],
    // Without the factor and too old: the sign-in comes first, and asks for the factor itself.
    [601, ['pwd'], true, 'sign-in'],
  ])('%i s old, by %j, second factor: %s gives %s', (age, amr, hasSecondFactor, expected) =>
    expect(missingForRecentSignIn({ authTime: epochSeconds(now - age), amr }, hasSecondFactor, now)).toBe(expected),
  );
});

describe('isRecentSignIn', () => {
  it.each([
    [600, true],
    [601, false],
  ])('%i s: %s', (age, expected) => expect(isRecentSignIn({ authTime: epochSeconds(now - age) }, now)).toBe(expected));
});
