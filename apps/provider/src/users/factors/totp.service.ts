import { Inject, Injectable } from '@nestjs/common';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { matchStep } from './totp.js';

interface TotpRow {
  seed_sealed: string;
  last_step: number;
  failures: number;
  created_at: number;
  last_used_at: number | null;
}

const totpStatements = {
  find: statement(
    'totp_factors.find',
    'SELECT seed_sealed, last_step, failures, created_at, last_used_at FROM totp_factors WHERE user_id = $1',
  ),
  insert: statement(
    'totp_factors.insert',
    `INSERT INTO totp_factors (user_id, seed_sealed, last_step, failures, created_at) VALUES ($1, $2, $3, 0, $4)
     ON CONFLICT (user_id) DO NOTHING`,
  ),
  /** RFC 6238 5.2: a code is accepted once; a step that is not later than the last one is a replay. */
  consume: statement(
    'totp_factors.spend',
    'UPDATE totp_factors SET last_step = $2, last_used_at = $3, failures = 0 WHERE user_id = $1 AND last_step < $2 AND failures < $4',
  ),
  countFailure: statement(
    'totp_factors.count_failure',
    'UPDATE totp_factors SET failures = failures + 1 WHERE user_id = $1 AND failures < $2',
  ),
  forgive: statement(
    'totp_factors.forgive',
    'UPDATE totp_factors SET failures = 0 WHERE user_id = $1 AND failures > 0',
  ),
  remove: statement('totp_factors.remove', 'DELETE FROM totp_factors WHERE user_id = $1'),
};

/** NIST SP 800-63B-4 3.2.2: after this many wrong codes in a row the app is locked until another factor is used. */
const maxFailures = 100;

export interface TotpFactor {
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | undefined;
  readonly locked: boolean;
}

/** Owns the seeds of authenticator apps, one per user. */
@Injectable()
export class TotpFactors {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  async find(userId: string): Promise<TotpFactor | undefined> {
    const row = await this.store.one<TotpRow>(totpStatements.find, userId);
    return (
      row && {
        createdAt: epochSeconds(row.created_at),
        lastUsedAt: row.last_used_at === null ? undefined : epochSeconds(row.last_used_at),
        locked: row.failures >= maxFailures,
      }
    );
  }

  /** The time step of a valid code; undefined if the code is wrong, the app is locked or there is none. Consumes nothing yet. */
  async matchStep(userId: string, code: string, now: EpochSeconds): Promise<number | undefined> {
    const row = await this.store.one<TotpRow>(totpStatements.find, userId);
    if (!row || row.failures >= maxFailures) return undefined;
    const seed = this.keyring.open(sealedSeedLabel(userId), row.seed_sealed).toString('utf8');
    return matchStep(seed, code, now);
  }

  /** Consumes a time step and all earlier ones. True for exactly one caller (RFC 6238 5.2). */
  async consume(unit: Unit, userId: string, step: number, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(totpStatements.consume, userId, step, now, maxFailures)) === 1;
  }

  async countFailure(unit: Unit, userId: string): Promise<void> {
    await unit.change(totpStatements.countFailure, userId, maxFailures);
  }

  /** Resets the count of wrong codes, because another factor was used. */
  async resetFailures(unit: Unit, userId: string): Promise<void> {
    await unit.change(totpStatements.forgive, userId);
  }

  /** @param factor the seed, and the step that confirmed it, which is consumed. @returns false if there is an app already */
  async add(unit: Unit, userId: string, factor: { seed: string; step: number }, now: EpochSeconds): Promise<boolean> {
    const sealed = this.keyring.seal(sealedSeedLabel(userId), factor.seed);
    return (await unit.change(totpStatements.insert, userId, sealed, factor.step, now)) === 1;
  }

  async remove(unit: Unit, userId: string): Promise<boolean> {
    return (await unit.change(totpStatements.remove, userId)) === 1;
  }
}

function sealedSeedLabel(userId: string): string {
  return `totp_factors.seed_sealed:${userId}`;
}
