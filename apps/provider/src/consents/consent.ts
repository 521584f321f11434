import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { AllowedScopes } from '@gatehouse/domain/oauth';

/** The remembered consent of a user to a client. */
export interface Consent extends AllowedScopes {
  readonly userId: string;
  readonly clientId: string;
  /** Names of claims that are not part of a scope. */
  readonly claims: readonly string[];
  readonly createdAt: EpochSeconds;
  readonly updatedAt: EpochSeconds;
}
