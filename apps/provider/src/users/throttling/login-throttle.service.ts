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

/** Of whatever is counted here. */
const longestWindowSeconds = 3600;
/** New passwords of one account, those that the rules refuse among them. */
const newPasswords = { most: 30, seconds: 900 };
const knownAddressSeconds = 30 * 24 * 3600;

interface Limit {
  readonly bucket: string;
  readonly most: number;
  readonly counts: ReachedLimit;
}

/** Where a login comes from. */
export interface LoginOrigin {
  /** The address, or its /64 for IPv6. */
  readonly addressKey: string;
  /** Set when a signed cookie shows that this browser has logged in to this account before. */
  readonly knownDevice: string | undefined;
}

declare const stored: unique symbol;

/** The name of a bucket as it is stored: its kind, and a keyed digest. */
export type StoredBucket = string & { readonly [stored]: true };

export interface Attempt {
  /** The buckets that counted this attempt, to be given back when it succeeds. */
  readonly counted: readonly StoredBucket[];
  readonly admitted: boolean;
  /** From a browser or an address that has logged in to this account before. */
  readonly isKnown: boolean;
  /** Set on the first attempt past a limit within its window, by what the limit counts. */
  readonly reached: ReachedLimit | undefined;
}

export type ReachedLimit = 'account and browser' | 'address' | 'account and address' | 'account';

/** The audit event of an attempt that reached a limit; undefined for all others, so that a flood makes no flood of events. */
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
 * An attempt is counted first and given back when it succeeds, so parallel guesses cannot outrun the count. Past the
 * account's limit only a browser or an address that has logged in to it before gets through: a thousand addresses
 * against one account are stopped, and its owner is not locked out. A known browser has a count of its own, so that
 * strangers behind its address do not use up its tries.
 */
@Injectable()
export class LoginThrottle {
  private readonly perPair: number;
  private readonly perAddress: number;
  private readonly perAccount: number;
  private readonly windowSeconds: number;
  private readonly off: boolean;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {
    this.off = !settings.throttle;
    this.perPair = settings.loginFailures.count;
    this.perAddress = settings.loginFailures.count * 10;
    this.perAccount = settings.loginFailures.count * 5;
    this.windowSeconds = settings.loginFailures.seconds;
  }

  /**
   * Counts an attempt and says whether its password may be looked at.
   * @param accountKey `signInKey`, also for accounts that do not exist, or another key that no sign-in has
   */
  async count(
    unit: Unit,
    attempt: { accountKey: string; userId: string | undefined; origin: LoginOrigin; now: EpochSeconds },
  ): Promise<Attempt> {
    if (this.off) return { counted: [], admitted: true, isKnown: true, reached: undefined };
    const { accountKey: account, origin, now, userId } = attempt;
    if (origin.knownDevice !== undefined)
      return {
        ...(await this.take(unit, now, [
          { bucket: `d:${account}:${origin.knownDevice}`, most: this.perPair, counts: 'account and browser' },
        ])),
        isKnown: true,
      };
    // Looked up for an unknown account too, so that it costs what a known one costs.
    const known = await this.isKnownAddress(unit, userId ?? '', origin.addressKey, now);
    const limits: Limit[] = [
      { bucket: `i:${origin.addressKey}`, most: this.perAddress, counts: 'address' },
      { bucket: `p:${account}:${origin.addressKey}`, most: this.perPair, counts: 'account and address' },
    ];
    if (!known) limits.push({ bucket: `a:${account}`, most: this.perAccount, counts: 'account' });
    return { ...(await this.take(unit, now, limits)), isKnown: known };
  }

  /** A login that succeeded counts against nobody, and makes its address a known one. */
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

  /** Takes an attempt back that came to nothing, right or wrong. */
  async giveBack(unit: Unit, counted: readonly StoredBucket[]): Promise<void> {
    for (const bucket of counted) await unit.change(failureStatements.giveBack, bucket);
  }

  /** Takes back what {@link countOne} counted. */
  async giveBackOne(unit: Unit, bucket: string): Promise<void> {
    await this.giveBack(unit, [this.storedName(bucket)]);
  }

  /** Counts one thing of another kind in the same table; false past the limit. */
  async countOne(
    unit: Unit,
    bucket: string,
    limit: { readonly most: number; readonly seconds: number },
    now: EpochSeconds,
  ): Promise<boolean> {
    if (this.off) return true;
    const row = await unit.one<{ failures: number }>(
      failureStatements.count,
      this.storedName(bucket),
      now,
      now - limit.seconds,
    );
    return (row?.failures ?? 0) <= limit.most;
  }

  /** Counts a new password of an account, before the rules of passwords look at it. False past the limit. */
  countNewPassword(unit: Unit, userId: string, now: EpochSeconds): Promise<boolean> {
    return this.countOne(unit, `np:${userId}`, newPasswords, now);
  }

  /** Takes back what {@link countNewPassword} counted. */
  giveBackNewPassword(unit: Unit, userId: string): Promise<void> {
    return this.giveBackOne(unit, `np:${userId}`);
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    const failures = await unit.change(
      failureStatements.purge,
      now - Math.max(this.windowSeconds, longestWindowSeconds),
    );
    return failures + (await unit.change(knownStatements.purge, now - knownAddressSeconds));
  }

  /** Counts in order and stops at the first full bucket, so that a blocked address writes no further rows. */
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
   * The kind in clear, the rest as a keyed digest: e-mail addresses, usernames and network addresses cannot be read or
   * guessed from the table without the server's key, and a bucket has a bounded name whatever was typed. Another first key
   * of GATEHOUSE_SECRET_KEY begins new counts.
   */
  private storedName(bucket: string): StoredBucket {
    const colon = bucket.indexOf(':');
    const [key] = this.keyring.derive('throttle buckets');
    if (!key) throw new Error('a keyring has at least one key');
    // The one place that makes stored names.
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
