import { Inject, Injectable } from '@nestjs/common';
import { parseUserCode } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/platform/database/store';
import { DeviceAuthorizations } from '../protocol/authorization/device-authorizations.service.js';
import type { PendingDevice } from '../protocol/authorization/interaction.js';
import { LoginThrottle } from '../users/throttling/login-throttle.service.js';
import type { RequestContext } from '../users/sessions/request-context.js';

/** Wrong codes from one address, and from one account. */
const perGuesser = { most: 30, seconds: 900 };
/** Wrong codes of all users who are not signed in: a negligible part of the 25.6 billion codes (RFC 8628 5.1). */
const allAnonymous = { most: 1000, seconds: 3600 };

export type UserCodeLookup =
  | { readonly kind: 'found'; readonly device: PendingDevice }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }
  /** Too many wrong codes without a sign-in: the user may continue after signing in. */
  | { readonly kind: 'log in first' };

/** Finds devices by the code that a user enters, and limits guessing. */
@Injectable()
export class UserCodes {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
  ) {}

  /**
   * Counts the attempt first and undoes the count if the code is valid, so that parallel guesses cannot exceed the
   * limit.
   */
  async find(context: RequestContext, typed: string): Promise<UserCodeLookup> {
    const userCode = parseUserCode(typed);
    // A malformed code does not count as a guess.
    if (userCode === undefined) return { kind: 'unknown' };
    const address = `v:${context.addressKey}`;
    const other = context.user ? `vu:${context.user.id}` : 'vs';
    const admitted = await this.store.run(async (unit) => ({
      address: await this.throttle.countOne(unit, address, perGuesser, context.now),
      other: await this.throttle.countOne(unit, other, context.user ? perGuesser : allAnonymous, context.now),
    }));
    if (!admitted.address || (!admitted.other && context.user))
      return { kind: 'throttled', retryAfterSeconds: perGuesser.seconds };
    if (!admitted.other) return { kind: 'log in first' };
    const found = await this.devices.findPending(userCode, context.now);
    if (!found) return { kind: 'unknown' };
    await this.store.run(async (unit) => {
      await this.throttle.revertOne(unit, address);
      await this.throttle.revertOne(unit, other);
    });
    const { selector, clientId, scope, resources, expiresAt } = found;
    return { kind: 'found', device: { selector, clientId, scope, resources, expiresAt, userCode } };
  }
}
