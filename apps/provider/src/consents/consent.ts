import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { AllowedScopes } from '@gatehouse/domain/oauth';

/** What a user allowed a client, remembered. */
export interface Consent extends AllowedScopes {
  readonly userId: string;
  readonly clientId: string;
  /** Names of claims that no scope asks for. */
  readonly claims: readonly string[];
  readonly createdAt: EpochSeconds;
  readonly updatedAt: EpochSeconds;
}
