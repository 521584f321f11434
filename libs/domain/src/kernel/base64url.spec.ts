import fc from 'fast-check';
import { decodeBase64url, encodeBase64url } from './base64url.js';

describe('base64url', () => {
  it('writes the example of RFC 7515 appendix C', () => {
    expect(encodeBase64url(Uint8Array.of(3, 236, 255, 224, 193))).toBe('A-z_4ME');
  });

  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('writes and reads the vector %j of RFC 4648 10 without padding', (text, encoded) => {
    expect(encodeBase64url(Buffer.from(text))).toBe(encoded);
    expect(decodeBase64url(encoded)?.toString()).toBe(text);
  });

  it.each([
    ['padding', 'Zg=='],
    ['the other alphabet', 'A+z/4ME'],
    ['a space', 'Zm9v '],
    ['a line break', 'Zm9v\n'],
    ['a length that no bytes have', 'A'],
    ['unused bits that are not zero', 'Zh'],
    ['letters beyond ASCII', 'Zm9é'],
  ])('refuses %s', (_name, text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });

  it('encodes the view, not the buffer under it', () => {
    expect(encodeBase64url(Buffer.from('xfoox').subarray(1, 4))).toBe('Zm9v');
  });

  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('knows one text for each value: what it reads, it writes again', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const bytes = decodeBase64url(text);
        expect(bytes === undefined || encodeBase64url(bytes) === text).toBe(true);
      }),
    );
  });
});
