import { charactersWithoutRuns, repeatedUnit, withoutSeparators } from './password-patterns';

describe('patterns of passwords', () => {
  it.each([
    ['iloveyouiloveyou', 'iloveyou'],
    ['abcabcab', 'abc'],
    ['aaaaaaaa', 'a'],
    ['🐝🌻🐝🌻', '🐝🌻'],
    ['iloveyouiloveme', 'iloveyouiloveme'],
    ['', ''],
  ])('%s is %s, over and over', (typed, unit) => {
    expect(repeatedUnit(typed)).toBe(unit);
  });

  it('separators do not hide a repetition', () => {
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
  ])('%s has as much to guess as %i characters', (typed, count) => {
    expect(charactersWithoutRuns(typed)).toBe(count);
  });

  it('takes no longer than its length when it is as long as text can become', () => {
    const long = 'ﷺ'.repeat(256).normalize('NFKC');
    expect(charactersWithoutRuns(long)).toBe(long.length);
    expect(repeatedUnit(`${'a'.repeat(4000)}b`)).toHaveLength(4001);
  });
});
