import fc from 'fast-check';
import { outcomeOf } from '../../test/outcome.js';
import { encodeBase64url, sha256 } from '../kernel/index.js';
import { checkCodeVerifier, isS256Challenge } from './pkce.js';

// RFC 7636 appendix B
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const reasonOf = (run: () => void): string => outcomeOf(run)?.replace(/^invalid_grant /, '') ?? 'passed';

describe('checkCodeVerifier', () => {
  it('passes the example of RFC 7636 appendix B', () => {
    expect(reasonOf(() => checkCodeVerifier(challenge, verifier))).toBe('passed');
  });

  it('passes a request without PKCE redeemed without PKCE', () => {
    expect(reasonOf(() => checkCodeVerifier(undefined, undefined))).toBe('passed');
  });

  it.each([
    ['a verifier without a challenge (RFC 9700 4.8.2)', undefined, verifier, 'pkce.no_challenge'],
    ['an empty verifier without a challenge', undefined, '', 'pkce.no_challenge'],
    ['no verifier', challenge, undefined, 'pkce.missing'],
    ['an empty verifier', challenge, '', 'pkce.malformed'],
    ['the challenge as verifier, as with plain', challenge, challenge, 'pkce.mismatch'],
    ['another verifier', challenge, `${verifier.slice(0, -1)}l`, 'pkce.mismatch'],
    ['42 characters', challenge, verifier.slice(1), 'pkce.malformed'],
    ['129 characters', challenge, 'a'.repeat(129), 'pkce.malformed'],
    ['a character outside of unreserved', challenge, `${verifier}=`, 'pkce.malformed'],
    ['a line break at the end', challenge, `${verifier}\n`, 'pkce.malformed'],
  ])('refuses %s', (_name, kept, sent, reason) => {
    expect(reasonOf(() => checkCodeVerifier(kept, sent))).toBe(reason);
  });

  it('passes every verifier of the grammar with its own challenge, and no other', () => {
    const unreserved = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~';
    const verifiers = fc.string({ unit: fc.constantFrom(...unreserved), minLength: 43, maxLength: 128 });
    fc.assert(
      fc.property(verifiers, verifiers, (own, other) => {
        const kept = encodeBase64url(sha256(own));
        expect(isS256Challenge(kept)).toBe(true);
        expect(reasonOf(() => checkCodeVerifier(kept, own))).toBe('passed');
        if (own !== other) expect(reasonOf(() => checkCodeVerifier(kept, other))).toBe('pkce.mismatch');
      }),
    );
  });
});

describe('isS256Challenge', () => {
  it.each([
    [challenge, true],
    [`${challenge}=`, false],
    [challenge.slice(1), false],
    [`${challenge}A`, false],
    [`${challenge.slice(0, -1)}N`, false],
    [`${challenge.slice(0, -1)}+`, false],
    ['', false],
  ])('%s: %s', (text, expected) => {
    expect(isS256Challenge(text)).toBe(expected);
  });
});
