import { addSeconds, epochSeconds } from './time.js';

describe('instants', () => {
  it('are whole seconds', () => {
    expect(epochSeconds(1_800_000_000)).toBe(1_800_000_000);
    expect(addSeconds(epochSeconds(100), 60)).toBe(160);
    expect(addSeconds(epochSeconds(100), -60)).toBe(40);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('are never %p', (seconds) => {
    expect(() => epochSeconds(seconds)).toThrow(RangeError);
    expect(() => addSeconds(epochSeconds(0), seconds)).toThrow(RangeError);
  });
});
