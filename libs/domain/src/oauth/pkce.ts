import { encodeBase64url, equalInConstantTime, sha256 } from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';

/** True for an S256 `code_challenge`: base64url of 32 bytes, whose last character has two zero bits (RFC 7636 4.2). */
export function isS256Challenge(text: string): boolean {
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text);
}

/**
 * Verifies that the client that redeems a code is the one that started the authorization request.
 * @param challenge S256 `code_challenge` stored with the code; undefined when the request had none
 * @param verifier  `code_verifier` as received; undefined when absent
 * @throws OAuthError invalid_grant when absent, malformed or not matching, or when there was no challenge
 * @see RFC 7636 4.6, RFC 9700 4.8.2 (a verifier without a challenge: a downgrade)
 */
export function checkCodeVerifier(challenge: string | undefined, verifier: string | undefined): void {
  if (challenge === undefined) {
    if (verifier === undefined) return;
    throw new OAuthError('invalid_grant', 'A code_verifier was sent for a code without code_challenge.', {
      reason: 'pkce.no_challenge',
    });
  }
  if (verifier === undefined)
    throw new OAuthError('invalid_grant', 'The code_verifier is missing.', { reason: 'pkce.missing' });
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier))
    throw new OAuthError('invalid_grant', 'The code_verifier is malformed.', { reason: 'pkce.malformed' });
  const computed = Buffer.from(encodeBase64url(sha256(verifier)));
  if (!equalInConstantTime(computed, Buffer.from(challenge)))
    throw new OAuthError('invalid_grant', 'The code_verifier does not match.', { reason: 'pkce.mismatch' });
}
