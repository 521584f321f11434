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
  /** RFC 6238 5.2: a code is taken once; a step that is not later than the last one is one that was seen. */
  spend: statement(
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

/** NIST SP 800-63B-4 3.2.2: past so many wrong codes in a row the app is locked, until another factor is used. */
const maxFailures = 100;

export interface TotpFactor {
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | undefined;
  readonly locked: boolean;
}

/** Owns the seeds of authenticator apps, one for each person. */
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

  /** The time step of a right code; undefined for a wrong one, a locked app and where there is none. Nothing is spent yet. */
  async matchStep(userId: string, code: string, now: EpochSeconds): Promise<number | undefined> {
    const row = await this.store.one<TotpRow>(totpStatements.find, userId);
    if (!row || row.failures >= maxFailures) return undefined;
    const seed = this.keyring.open(placeOf(userId), row.seed_sealed).toString('utf8');
    return matchStep(seed, code, now);
  }

  /** Spends a time step. True for exactly one caller, and never again for it or an earlier one (RFC 6238 5.2). */
  async spend(unit: Unit, userId: string, step: number, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(totpStatements.spend, userId, step, now, maxFailures)) === 1;
  }

  async countFailure(unit: Unit, userId: string): Promise<void> {
    await unit.change(totpStatements.countFailure, userId, maxFailures);
  }

  /** Another factor was used: the count of wrong codes begins anew. */
  async forgive(unit: Unit, userId: string): Promise<void> {
    await unit.change(totpStatements.forgive, userId);
  }

  /** @param step the one whose code confirmed the seed: it is spent with it. @returns false when there is one already */
  async add(unit: Unit, userId: string, factor: { seed: string; step: number }, now: EpochSeconds): Promise<boolean> {
    const sealed = this.keyring.seal(placeOf(userId), factor.seed);
    return (await unit.change(totpStatements.insert, userId, sealed, factor.step, now)) === 1;
  }

  async remove(unit: Unit, userId: string): Promise<boolean> {
    return (await unit.change(totpStatements.remove, userId)) === 1;
  }
}

function placeOf(userId: string): string {
  return `totp_factors.seed_sealed:${userId}`;
}
