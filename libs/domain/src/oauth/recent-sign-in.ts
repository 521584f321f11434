import type { EpochSeconds } from '../kernel/index.js';

/** Maximum age of the sign-in for a change of credentials, factors, roles, secrets or keys. */
export const recentSignInSeconds = 600;

/** The sign-in of a session or a grant. */
export interface SignIn {
  readonly authTime: EpochSeconds;
  /** Authentication methods (RFC 8176). */
  readonly amr: readonly string[];
}

/**
 * What is missing for a sensitive operation.
 * @param hasSecondFactor whether the account has one; a trusted browser may have skipped it
 * @returns undefined where the sign-in is recent and complete
 * @see RFC 9470 3
 */
export function missingForRecentSignIn(
  signIn: SignIn,
  hasSecondFactor: boolean,
  now: EpochSeconds,
): 'sign-in' | 'second-factor' | undefined {
  if (!isRecentSignIn(signIn, now)) return 'sign-in';
  return hasSecondFactor && !signIn.amr.includes('mfa') ? 'second-factor' : undefined;
}

/** Whether the sign-in is at most ten minutes old, with any methods. */
export function isRecentSignIn({ authTime }: Pick<SignIn, 'authTime'>, now: EpochSeconds): boolean {
  return now - authTime <= recentSignInSeconds;
}
