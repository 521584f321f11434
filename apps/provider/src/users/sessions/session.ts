import type { EpochSeconds } from '@gatehouse/domain/kernel';

/** A user's login in one browser. */
export interface Session {
  /** The `sid` of ID tokens; stays when the cookie's value changes. */
  readonly id: string;
  readonly userId: string;
  /** False while a second factor is still required: such a session opens only the second-factor page. */
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
