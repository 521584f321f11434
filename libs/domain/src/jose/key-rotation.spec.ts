import { epochSeconds } from '../kernel/index.js';
import { currentKey, latestKey, needsSuccessor, type KeyTimes } from './key-rotation.js';

const at = epochSeconds;
const key = (createdAt: number, signsFrom = createdAt, retiredAt?: number): KeyTimes => ({
  createdAt: at(createdAt),
  signsFrom: at(signsFrom),
  retiredAt: retiredAt === undefined ? undefined : at(retiredAt),
});

describe('the key to sign with', () => {
  const [old, next] = [key(100, 100, 1300), key(1000, 1100)];

  it.each([
    ['before its successor signs', 1099, old],
    ['from when its successor signs', 1100, next],
    ['when it is retired', 1300, next],
    ['when the clock was set back before both were made', 50, old],
  ])('is the right one %s', (_when, now, expected) => {
    expect(currentKey([old, next], at(now))).toBe(expected);
    expect(currentKey([next, old], at(now))).toBe(expected);
  });

  it('is none where there is none, or none that is published', () => {
    expect(currentKey([], at(1))).toBeUndefined();
    expect(currentKey([key(100, 100, 200)], at(200))).toBeUndefined();
  });

  it('is the one that replaced another, not the other when its time comes', () => {
    // Both were published; the third replaced them at once.
    const [leaked, waiting, third] = [key(100, 100, 1400), key(1000, 5000, 1400), key(1001, 1001)];
    for (const now of [1001, 1399, 5000]) expect(currentKey([leaked, waiting, third], at(now))).toBe(third);
  });
});

describe('the latest key', () => {
  it('is the one that nothing follows, whatever the clock said when it was made', () => {
    const [first, second] = [key(5000, 5000, 3000), key(1000, 1000)];
    expect(latestKey([first, second])).toBe(second);
    expect(latestKey([second, first])).toBe(second);
  });

  it('of several that retire together is the one that was made last', () => {
    const keys = [key(1, 1, 50), key(3, 3, 50), key(2, 2, 50)];
    expect(latestKey(keys)).toBe(keys[1]);
  });
});

describe('a successor', () => {
  const times = { signSeconds: 1000, prepublishSeconds: 100 };

  it.each([
    ['too early', [key(0)], 899, false],
    ['in time to be published before it signs', [key(0)], 900, true],
    ['there is one', [key(0, 0, 1300), key(900, 1000)], 901, false],
    ['the one that there is was made by a clock that was ahead', [key(0, 0, 9300), key(8900, 9000)], 901, true],
    ['the only key was made by a clock that was ahead', [key(9000)], 901, false],
    ['there is no key', [], 901, false],
  ])('is needed or not: %s', (_why, keys, now, expected) => {
    expect(needsSuccessor(keys, times, at(now))).toBe(expected);
  });
});
