import { isNestedWithin } from './nesting.js';

describe('isNestedWithin', () => {
  it.each<[unknown, number, boolean]>([
    ['text', 0, true],
    [null, 0, true],
    [[], 0, false],
    [[], 1, true],
    [['a', 1], 1, true],
    [{ a: [] }, 1, false],
    [{ a: [] }, 2, true],
    [{ a: { b: [{ c: 1 }] } }, 3, false],
    [{ a: { b: [{ c: 1 }] } }, 4, true],
  ])('%j within %i levels: %s', (value, levels, expected) => {
    expect(isNestedWithin(value, levels)).toBe(expected);
  });

  it('answers for a value that is deeper than the stack', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(isNestedWithin(deep, 10)).toBe(false);
  });
});
