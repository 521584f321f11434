import { charactersWithoutRuns, repeatedUnit, withoutSeparators } from './password-patterns';

describe('password patterns', () => {
  it.each([
    ['iloveyouiloveyou', 'iloveyou'],
    ['abcabcab', 'abc'],
    ['aaaaaaaa', 'a'],
    ['🐝🌻🐝🌻', '🐝🌻'],
    ['iloveyouiloveme', 'iloveyouiloveme'],
    ['', ''],
  ])('%s repeats %s', (typed, unit) => {
    expect(repeatedUnit(typed)).toBe(unit);
  });

  it('detects a repetition despite separators', () => {
    expect(repeatedUnit(withoutSeparators('letmein-letmein letmein!'))).toBe('letmein');
  });

  it.each([
    ['abcdefghijklmnop', 1],
    ['zyxwvu', 1],
    ['1234567890123456', 1],
    ['qwertyuiopasdfghjkl', 2],
    ['1qaz2wsx3edc4rfv', 1],
    ['zaq1xsw2cde3vfr4', 4],
    ['1q2w3e4r5t6y7u8i', 1],
    ['aaaabbbbccccdddd', 4],
    ['password1234567', 9],
    ['correcthorse', 12],
    ['ab', 2],
    ['', 0],
  ])('%s counts as %i characters', (typed, count) => {
    expect(charactersWithoutRuns(typed)).toBe(count);
  });

  it('runs in linear time on the longest possible text', () => {
    const long = 'ﷺ'.repeat(256).normalize('NFKC');
    expect(charactersWithoutRuns(long)).toBe(long.length);
    expect(repeatedUnit(`${'a'.repeat(4000)}b`)).toHaveLength(4001);
  });
});
