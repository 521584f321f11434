import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import type { LoginOrigin } from './login-throttle.service.js';

/** Of one account, from one address or known browser, at once. */
const maxOfPair = 10;
/** Of one account, from all addresses and browsers that have not signed in to it before, at once. */
const maxOfAccount = 20;

/** The places that one sign-in has taken. */
export interface Places {
  /** False when the account has too many sign-ins in flight from this address, or from this known browser. */
  takeOfPair(): boolean;
  /** False when the account has too many in flight from unknown addresses together. */
  takeOfAccount(): boolean;
  /** To be called once the sign-in was answered, whatever came of it. */
  leave(): void;
}

/**
 * Bounds the sign-ins of one account whose passwords are being verified in this process. The count of failures does not:
 * a sign-in that succeeds clears it, and somebody who knows one password could have any number of them verified at once.
 */
@Injectable()
export class SignInsInFlight {
  private readonly counts = new Map<string, number>();

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** @param accountKey `signInKey`, also for accounts that do not exist */
  open(accountKey: string, { addressKey, knownDevice }: LoginOrigin): Places {
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
      takeOfPair: () =>
        take(
          knownDevice === undefined ? `address:${account}:${addressKey}` : `device:${account}:${knownDevice}`,
          maxOfPair,
        ),
      takeOfAccount: () => take(`account:${account}`, maxOfAccount),
      leave: () => {
        for (const key of taken.splice(0)) this.give(key);
      },
    };
  }

  private give(key: string): void {
    const count = (this.counts.get(key) ?? 0) - 1;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
  }
}
