import { makeUserCode, parseUserCode, userCodeLetters } from './user-code.js';

describe('user codes (RFC 8628 6.1)', () => {
  it('are eight letters without vowels, in two groups', () => {
    let byte = 0;
    expect(makeUserCode(() => byte++)).toBe('BCDF-GHJK');
    expect(userCodeLetters).not.toMatch(/[AEIOUY01]/);
  });

  it('draws again what would make a letter likelier than another', () => {
    const bytes = [255, 240, 0, 20, 40, 239, 1, 1, 1, 1];
    expect(makeUserCode(() => bytes.shift() ?? 0)).toBe('BBBZ-CCCC');
  });

  it.each(['BCDF-GHJK', 'bcdfghjk', ' bcdf ghjk ', 'B-C-D-F-G-H-J-K', 'bcdf–ghjk'])('reads %j', (typed) => {
    expect(parseUserCode(typed)).toBe('BCDF-GHJK');
  });

  it.each(['', 'BCDF-GHJ', 'BCDF-GHJKL', 'ACDF-GHJK', 'BCDF-GHJ1', '-'.repeat(100) + 'BCDFGHJK'])(
    'refuses %j',
    (typed) => {
      expect(parseUserCode(typed)).toBeUndefined();
    },
  );
});
