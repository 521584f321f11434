import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import type { AuditEvent } from '../../audit/audit.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';

const failureStatements = {
  count: statement(
    'login_failures.count',
    `INSERT INTO login_failures (bucket, window_started_at, failures) VALUES ($1, $2, 1)
     ON CONFLICT (bucket) DO UPDATE SET
       failures = CASE WHEN login_failures.window_started_at <= $3 THEN 1 ELSE login_failures.failures + 1 END,
       window_started_at = CASE WHEN login_failures.window_started_at <= $3 THEN $2 ELSE login_failures.window_started_at END
     RETURNING failures`,
  ),
  giveBack: statement(
    'login_failures.give_back',
    'UPDATE login_failures SET failures = failures - 1 WHERE bucket = $1 AND failures > 0',
  ),
  forget: statement('login_failures.forget', 'DELETE FROM login_failures WHERE bucket = $1'),
  purge: statement('login_failures.purge', 'DELETE FROM login_failures WHERE window_started_at <= $1'),
};

const knownStatements = {
  find: statement(
    'known_addresses.find',
    'SELECT last_login_at FROM known_addresses WHERE user_id = $1 AND address = $2 AND last_login_at > $3',
  ),
  record: statement(
    'known_addresses.record',
    `INSERT INTO known_addresses (user_id, address, last_login_at) VALUES ($1, $2, $3)
     ON CONFLICT (user_id, address) DO UPDATE SET last_login_at = $3`,
  ),
  purge: statement('known_addresses.purge', 'DELETE FROM known_addresses WHERE last_login_at <= $1'),
};

/** The longest window of any counter in this table. */
const longestWindowSeconds = 3600;
/** New passwords of one account, including rejected ones. */
const newPasswords = { most: 30, seconds: 900 };
const knownAddressSeconds = 30 * 24 * 3600;

interface Limit {
  readonly bucket: string;
  readonly most: number;
  readonly counts: ReachedLimit;
}

/** The origin of a login. */
export interface LoginOrigin {
  /** The address, or its /64 for IPv6. */
  readonly addressKey: string;
  /** Set if a signed cookie shows that this browser has signed in to this account before. */
  readonly knownDevice: string | undefined;
}

declare const stored: unique symbol;

/** The stored name of a bucket: its kind, and a keyed digest. */
export type StoredBucket = string & { readonly [stored]: true };

export interface Attempt {
  /** The buckets that counted this attempt; the count is undone if it succeeds. */
  readonly counted: readonly StoredBucket[];
  readonly admitted: boolean;
  /** From a browser or an address that has signed in to this account before. */
  readonly isKnown: boolean;
  /** Set on the first attempt over a limit within its window: what the limit counts. */
  readonly reached: ReachedLimit | undefined;
}

export type ReachedLimit = 'account and browser' | 'address' | 'account and address' | 'account';

/** The audit event of the attempt that reached a limit; undefined for later ones, so that a flood does not fill the audit log. */
export function throttledEvent(
  { reached }: Attempt,
  of: {
    readonly subjectId: string | undefined;
    readonly context: { readonly address: string; readonly requestId: string };
  },
): AuditEvent | undefined {
  if (reached === undefined) return undefined;
  const { address, requestId } = of.context;
  return { type: 'login.throttled', subjectId: of.subjectId, address, requestId, details: { limit: reached } };
}

/**
 * Counts failed logins per (account, address), per address and per account, before a hash is computed.
 *
 * An attempt is counted first, and the count is undone if it succeeds, so that parallel guesses cannot outrun the count.
 * Over the account's limit, only browsers and addresses that have signed in to it before are admitted: an attack from many
 * addresses is stopped, and the owner is not locked out. A known browser is counted separately, so that others behind its
 * address do not use up its attempts.
 */
@Injectable()
export class LoginThrottle {
  private readonly perPair: number;
  private readonly perAddress: number;
  private readonly perAccount: number;
  private readonly windowSeconds: number;
  private readonly isDisabled: boolean;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {
    this.isDisabled = !settings.throttle;
    this.perPair = settings.loginFailures.count;
    this.perAddress = settings.loginFailures.count * 10;
    this.perAccount = settings.loginFailures.count * 5;
    this.windowSeconds = settings.loginFailures.seconds;
  }

  /**
   * Counts an attempt and decides whether its password may be verified.
   * @param attempt `accountKey` is the `signInKey`, also of accounts that do not exist, or a key that no sign-in uses
   */
  async count(
    unit: Unit,
    attempt: { accountKey: string; userId: string | undefined; origin: LoginOrigin; now: EpochSeconds },
  ): Promise<Attempt> {
    if (this.isDisabled) return { counted: [], admitted: true, isKnown: true, reached: undefined };
    const { accountKey: account, origin, now, userId } = attempt;
    if (origin.knownDevice !== undefined)
      return {
        ...(await this.take(unit, now, [
          { bucket: `d:${account}:${origin.knownDevice}`, most: this.perPair, counts: 'account and browser' },
        ])),
        isKnown: true,
      };
    // Looked up for an unknown account, too, so that both cost the same.
    const known = await this.isKnownAddress(unit, userId ?? '', origin.addressKey, now);
    const limits: Limit[] = [
      { bucket: `i:${origin.addressKey}`, most: this.perAddress, counts: 'address' },
      { bucket: `p:${account}:${origin.addressKey}`, most: this.perPair, counts: 'account and address' },
    ];
    if (!known) limits.push({ bucket: `a:${account}`, most: this.perAccount, counts: 'account' });
    return { ...(await this.take(unit, now, limits)), isKnown: known };
  }

  /** Undoes the count of a successful login, and records its address as known. */
  async succeeded(
    unit: Unit,
    attempt: { counted: readonly StoredBucket[]; userId: string; addressKey: string; now: EpochSeconds },
  ): Promise<void> {
    for (const bucket of attempt.counted)
      await unit.change(
        bucket.startsWith('p:') || bucket.startsWith('d:') ? failureStatements.forget : failureStatements.giveBack,
        bucket,
      );
    await unit.change(knownStatements.record, attempt.userId, attempt.addressKey, attempt.now);
  }

  /** Undoes the count of an attempt that was not decided. */
  async revert(unit: Unit, counted: readonly StoredBucket[]): Promise<void> {
    for (const bucket of counted) await unit.change(failureStatements.giveBack, bucket);
  }

  /** Undoes {@link countOne}. */
  async revertOne(unit: Unit, bucket: string): Promise<void> {
    await this.revert(unit, [this.storedName(bucket)]);
  }

  /** Counts in another kind of bucket; false over the limit. */
  async countOne(
    unit: Unit,
    bucket: string,
    limit: { readonly most: number; readonly seconds: number },
    now: EpochSeconds,
  ): Promise<boolean> {
    if (this.isDisabled) return true;
    const row = await unit.one<{ failures: number }>(
      failureStatements.count,
      this.storedName(bucket),
      now,
      now - limit.seconds,
    );
    return (row?.failures ?? 0) <= limit.most;
  }

  /** Counts a new password of an account, before the password rules check it. False over the limit. */
  countNewPassword(unit: Unit, userId: string, now: EpochSeconds): Promise<boolean> {
    return this.countOne(unit, `np:${userId}`, newPasswords, now);
  }

  /** Undoes {@link countNewPassword}. */
  revertNewPassword(unit: Unit, userId: string): Promise<void> {
    return this.revertOne(unit, `np:${userId}`);
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    const failures = await unit.change(
      failureStatements.purge,
      now - Math.max(this.windowSeconds, longestWindowSeconds),
    );
    return failures + (await unit.change(knownStatements.purge, now - knownAddressSeconds));
  }

  /** Counts in order and stops at the first bucket over its limit, so that a blocked address writes no further rows. */
  private async take(unit: Unit, now: EpochSeconds, limits: readonly Limit[]): Promise<Omit<Attempt, 'isKnown'>> {
    const counted: StoredBucket[] = [];
    for (const { bucket: name, most, counts } of limits) {
      const bucket = this.storedName(name);
      const row = await unit.one<{ failures: number }>(failureStatements.count, bucket, now, now - this.windowSeconds);
      counted.push(bucket);
      const failures = row?.failures ?? 0;
      if (failures > most) return { counted, admitted: false, reached: failures === most + 1 ? counts : undefined };
    }
    return { counted, admitted: true, reached: undefined };
  }

  /**
   * The kind in plain text, the rest as a keyed digest: e-mail addresses, usernames and network addresses cannot be read or
   * guessed from the table without the server's key, and the length of the name is bounded. A new first key in
   * GATEHOUSE_SECRET_KEY resets the counts.
   */
  private storedName(bucket: string): StoredBucket {
    const colon = bucket.indexOf(':');
    const [key] = this.keyring.derive('throttle buckets');
    if (!key) throw new Error('The keyring has no key.');
    // The only place that creates stored names.
    if (colon < 0) return bucket as StoredBucket;
    const digest = createHmac('sha256', key)
      .update(bucket.slice(colon + 1))
      .digest('base64url');
    return `${bucket.slice(0, colon + 1)}${digest.slice(0, 22)}` as StoredBucket;
  }

  private async isKnownAddress(unit: Unit, userId: string, addressKey: string, now: EpochSeconds): Promise<boolean> {
    return (await unit.one(knownStatements.find, userId, addressKey, now - knownAddressSeconds)) !== undefined;
  }
}
