import { epochSeconds } from '../kernel/index.js';
import { checkClientAssertion } from './client-assertion.js';
import { OAuthError } from './oauth-error.js';

const now = epochSeconds(1_800_000_000);
const context = { clientId: 'c', audiences: ['https://op.example', 'https://op.example/oauth/token'], now };
const claims = { iss: 'c', sub: 'c', aud: 'https://op.example', exp: now + 60, jti: 'one' };

describe('checkClientAssertion (RFC 7523 3)', () => {
  it('says what is to be remembered, past the time at which the assertion is still taken', () => {
    expect(checkClientAssertion(claims, context)).toEqual({ jti: 'one', expiresAt: now + 71 });
    for (let at = now; at < now + 100; at = epochSeconds(at + 1)) {
      const use = attempt({}, { now: at });
      if (use !== undefined) expect(use.expiresAt).toBeGreaterThan(at);
    }
  });

  function attempt(changes: Record<string, unknown>, around: Partial<typeof context> = {}) {
    try {
      return checkClientAssertion({ ...claims, ...changes }, { ...context, ...around });
    } catch (error) {
      if (error instanceof OAuthError && error.code === 'invalid_client') return undefined;
      throw error;
    }
  }

  it.each<[string, Record<string, unknown>]>([
    ['the issuer', {}],
    ['an endpoint', { aud: 'https://op.example/oauth/token' }],
    ['an expiry a few seconds ago, by a clock that is off', { exp: now - 9 }],
    ['an hour', { exp: now + 3600 }],
    ['a fraction of a second', { exp: now + 60.5, iat: now + 0.25 }],
    ['an instant a few seconds ahead', { iat: now + 10, nbf: now + 10 }],
    ['what it does not know', { azp: 'x', extra: [1] }],
  ])('takes %s', (_name, changes) => expect(attempt(changes)).toBeDefined());

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'other' }],
    ['another subject', { sub: 'other' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['a list of audiences', { aud: ['https://op.example'] }],
    ['the issuer with a slash', { aud: 'https://op.example/' }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is text', { exp: String(now + 60) }],
    ['an endless expiry', { exp: Number.POSITIVE_INFINITY }],
    ['an expiry that is past', { exp: now - 10 }],
    ['an expiry too far ahead', { exp: now + 3611 }],
    ['not yet', { nbf: now + 11 }],
    ['nbf that is text', { nbf: 'now' }],
    ['issued in the future', { iat: now + 11 }],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['a jti that is a number', { jti: 1 }],
    ['an endless jti', { jti: 'j'.repeat(1001) }],
  ])('refuses %s', (_name, changes) => expect(attempt(changes)).toBeUndefined());
});
