import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';

const windowSeconds = 900;
const maxPerAddress = 10;
/** For all addresses together: users with the role at the provider still have access. */
const maxTotal = 200;

const statements = {
  count: statement(
    'password_failures.count',
    `INSERT INTO password_failures (bucket, window_started_at, failures) VALUES ($1, $2, 1)
     ON CONFLICT (bucket) DO UPDATE SET
       failures = CASE WHEN password_failures.window_started_at <= $3 THEN 1 ELSE password_failures.failures + 1 END,
       window_started_at = CASE WHEN password_failures.window_started_at <= $3 THEN $2 ELSE password_failures.window_started_at END
     RETURNING failures`,
  ),
  refund: statement(
    'password_failures.give_back',
    'UPDATE password_failures SET failures = failures - 1 WHERE bucket = $1 AND failures > 0',
  ),
  purge: statement('password_failures.purge', 'DELETE FROM password_failures WHERE window_started_at <= $1'),
};

export type PasswordOutcome = 'right' | 'wrong' | 'throttled' | 'off';

/** Checks the admin password. An attempt is counted before it is checked, so that parallel attempts cannot exceed the limit. */
@Injectable()
export class AdminPassword {
  static readonly retryAfterSeconds = windowSeconds;
  private readonly expected: Buffer | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SETTINGS) settings: ClientSettings,
  ) {
    this.expected = settings.adminPassword === undefined ? undefined : sha256(settings.adminPassword);
  }

  get isSet(): boolean {
    return this.expected !== undefined;
  }

  async check(password: string, addressKey: string, now: EpochSeconds): Promise<PasswordOutcome> {
    const { expected } = this;
    if (!expected) return 'off';
    const buckets = [`address:${addressKey}`, '*'];
    if (!(await this.store.run((unit) => this.countAttempt(unit, buckets, now)))) return 'throttled';
    if (!equalInConstantTime(sha256(password), expected)) return 'wrong';
    await this.store.run(async (unit) => {
      for (const bucket of buckets) await unit.change(statements.refund, bucket);
    });
    return 'right';
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(statements.purge, now - windowSeconds);
  }

  /**
   * Counts an attempt; false if a limit is reached. Stops at the first full bucket, so that a blocked address does not use up the
   * total limit.
   */
  private async countAttempt(unit: Unit, buckets: readonly string[], now: EpochSeconds): Promise<boolean> {
    for (const bucket of buckets) {
      const row = await unit.one<{ failures: number }>(statements.count, bucket, now, now - windowSeconds);
      if ((row?.failures ?? 0) > (bucket === '*' ? maxTotal : maxPerAddress)) return false;
    }
    return true;
  }
}
