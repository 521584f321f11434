import { equalInConstantTime, sha256 } from './digest.js';

describe('sha256', () => {
  it('gives the vector "abc" of FIPS 180-4, for text and for bytes', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256('abc').toString('hex')).toBe(expected);
    expect(sha256(Buffer.from('abc')).toString('hex')).toBe(expected);
  });

  it('hashes text as UTF-8', () => {
    expect(sha256('ä')).toEqual(sha256(Uint8Array.of(0xc3, 0xa4)));
  });
});

describe('equalInConstantTime', () => {
  it.each([
    ['abc', 'abc', true],
    ['', '', true],
    ['abc', 'abd', false],
    ['abc', 'ab', false],
    ['', 'a', false],
  ])('compares %j and %j', (a, b, expected) => {
    expect(equalInConstantTime(Buffer.from(a), Buffer.from(b))).toBe(expected);
  });
});
