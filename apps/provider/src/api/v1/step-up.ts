import { multiFactorContext, OAuthError, recentSignInSeconds } from '@gatehouse/domain/oauth';

const sentences = {
  'sign-in': 'The sign-in of this token is too old for this: sign in again, and get a new token.',
  'second-factor': 'The sign-in of this token lacks the second factor: sign in with it, and get a new token.',
} as const;

/**
 * Requires a new token from a recent and complete sign-in.
 * @see RFC 9470 3
 */
export function stepUp(missing: 'sign-in' | 'second-factor'): OAuthError {
  return new OAuthError('insufficient_user_authentication', sentences[missing], {
    reason: 'api.sign_in',
    authentication: {
      maxAgeSeconds: recentSignInSeconds,
      ...(missing === 'second-factor' ? { acrValues: multiFactorContext } : {}),
    },
  });
}
