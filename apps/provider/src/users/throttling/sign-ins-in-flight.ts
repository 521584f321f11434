import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import type { LoginOrigin } from './login-throttle.service.js';

/** Concurrent sign-ins of one account from one address or known browser. */
const maxOfPair = 10;
/** Concurrent sign-ins of one account from all unknown addresses and browsers. */
const maxOfAccount = 20;

/** The places that one sign-in occupies. */
export interface SignInSlots {
  /** False if the account has too many sign-ins in flight from this address or known browser. */
  tryAcquireForSource(): boolean;
  /** False if the account has too many in flight from all unknown addresses. */
  tryAcquireForAccount(): boolean;
  /** Must be called when the sign-in ends, with any outcome. */
  leave(): void;
}

/**
 * Limits how many passwords of one account this process verifies at once. The count of failures does not limit them: a
 * successful sign-in clears it, so anybody who knows one password could have any number verified at once.
 */
@Injectable()
export class SignInsInFlight {
  private readonly counts = new Map<string, number>();

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** @param accountKey `signInKey`, also for accounts that do not exist */
  open(accountKey: string, { addressKey, knownDevice }: LoginOrigin): SignInSlots {
    const account = createHash('sha256').update(accountKey).digest('base64url');
    const taken: string[] = [];
    const take = (key: string, most: number): boolean => {
      if (!this.settings.throttle) return true;
      const count = this.counts.get(key) ?? 0;
      if (count >= most) return false;
      this.counts.set(key, count + 1);
      taken.push(key);
      return true;
    };
    return {
      tryAcquireForSource: () =>
        take(
          knownDevice === undefined ? `address:${account}:${addressKey}` : `device:${account}:${knownDevice}`,
          maxOfPair,
        ),
      tryAcquireForAccount: () => take(`account:${account}`, maxOfAccount),
      leave: () => {
        for (const key of taken.splice(0)) this.release(key);
      },
    };
  }

  private release(key: string): void {
    const count = (this.counts.get(key) ?? 0) - 1;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
  }
}
