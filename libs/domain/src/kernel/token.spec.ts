import fc from 'fast-check';
import { encodeBase64url } from './base64url.js';
import { formatToken, parseToken, type Selector } from './token.js';

const verifier = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('tokens', () => {
  it('are written as selector in base 36, a dot, and the verifier', () => {
    expect(formatToken({ selector: 1296 as Selector, verifier })).toBe(`100.${verifier}`);
    expect(parseToken(`100.${verifier}`)).toEqual({ selector: 1296, verifier });
  });

  it('may have any safe integer as selector', () => {
    const longest = `2gosa7pa2gv.${verifier}`;
    expect(parseToken(longest)?.selector).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseToken(`2gosa7pa2gw.${verifier}`)).toBeUndefined();
    expect(parseToken(`zzzzzzzzzzz.${verifier}`)).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['no selector', `.${verifier}`],
    ['no verifier', '100.'],
    ['no dot', `100${verifier}`],
    ['a leading zero', `0100.${verifier}`],
    ['capitals in the selector', `1A0.${verifier}`],
    ['a negative selector', `-1.${verifier}`],
    ['a verifier that is too short', `100.${verifier.slice(1)}`],
    ['a verifier that is too long', `100.${verifier}A`],
    ['a verifier with unused bits', `100.${verifier.slice(0, -1)}N`],
    ['a line break at the end', `100.${verifier}\n`],
    ['a third part', `100.${verifier}.x`],
    ['a megabyte', 'a'.repeat(1_000_000)],
  ])('are refused with %s', (_name, text) => {
    expect(parseToken(text)).toBeUndefined();
  });

  it('are read back as they were written', () => {
    const tokens = fc.record({
      selector: fc.maxSafeNat().map((selector) => selector as Selector),
      verifier: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeBase64url),
    });
    fc.assert(fc.property(tokens, (token) => expect(parseToken(formatToken(token))).toEqual(token)));
  });

  it('have one text each: changing any character gives another token or none', () => {
    const text = formatToken({ selector: 123_456_789 as Selector, verifier });
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const token = parseToken(changed);
        expect(token === undefined || formatToken(token) === changed).toBe(true);
      }),
    );
  });
});
