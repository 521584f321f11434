import type { EpochSeconds } from '@gatehouse/domain/kernel';

/** A browser's login of one person. */
export interface Session {
  /** The `sid` of ID tokens; stays when the cookie's value changes. */
  readonly id: string;
  readonly userId: string;
  /** False while a second factor is still owed: such a session opens the second-factor page and nothing else. */
  readonly full: boolean;
  readonly authTime: EpochSeconds;
  /** Authentication methods (RFC 8176). */
  readonly amr: readonly string[];
  readonly acr: string | undefined;
  readonly createdAt: EpochSeconds;
  readonly lastSeenAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
}
