import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { AuthorizationRequest } from '@gatehouse/domain/oauth';

/** Where a browser was going before it had to log in: an authorization request, or an address of our own. */
export type KeptContent =
  | {
      readonly kind: 'authorization';
      readonly request: AuthorizationRequest;
      readonly hintedUserId?: string | undefined;
    }
  | { readonly kind: 'address'; readonly address: string };

export interface Progress {
  readonly createdAt: EpochSeconds;
  /** When a person logged in for this very request. */
  readonly loggedInAt?: EpochSeconds | undefined;
  /** When a person said yes to this very request. */
  readonly consentedAt?: EpochSeconds | undefined;
  /** When a person chose the account that was logged in, for this very request. */
  readonly selectedAt?: EpochSeconds | undefined;
}

/** What a person did for a request that waits. */
export type Advance = 'loggedIn' | 'consented' | 'selected';

export type KeptRequest = KeptContent & {
  /** What stands in the address bar: `selector.verifier`, or the sealed request itself. */
  readonly id: string;
  readonly progress: Progress;
};
