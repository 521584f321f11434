import { Inject, Injectable } from '@nestjs/common';
import { encodeBase64url, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, Store, type ConcurrencyConflict, type Unit } from '@gatehouse/platform/database/store';

const replayCacheStatements = {
  // One that has expired and is not purged yet counts as gone.
  spend: statement(
    'spent_ids.spend',
    `INSERT INTO spent_ids (id_hash, expires_at) VALUES ($1, $2)
     ON CONFLICT (id_hash) DO UPDATE SET expires_at = $2 WHERE spent_ids.expires_at <= $3`,
  ),
  find: statement('spent_ids.find', 'SELECT 1 AS found FROM spent_ids WHERE id_hash = $1 AND expires_at > $2'),
  purge: statement('spent_ids.purge', 'DELETE FROM spent_ids WHERE expires_at <= $1'),
};

/** An id that may be used once. */
export interface SingleUse {
  /** Whose id it is: two issuers may use the same. */
  readonly issuer: string;
  readonly jti: string;
  /** From when on what carries it is refused for its age. */
  readonly expiresAt: EpochSeconds;
}

/** Owns the ids that may be used once, for all processes together. */
@Injectable()
export class ReplayCache {
  constructor(@Inject(Store) private readonly store: Store) {}

  /**
   * Spends an id. True for exactly one caller, however many come at once (RFC 7523 3, item 7).
   * @param issuer whose id it is: two issuers may use the same
   * @param expiresAt from when on what carries it is refused for its age
   */
  async use(unit: Unit, issuer: string, jti: string, expiresAt: EpochSeconds, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(replayCacheStatements.spend, hashOf({ issuer, jti }), expiresAt, now)) === 1;
  }

  /** Spends an id as part of a unit, which is undone where the id was spent before: see {@link isReplay}. */
  requireUnused(unit: Unit, use: SingleUse, now: EpochSeconds): void {
    unit.expectChange(replayCacheStatements.spend, hashOf(use), use.expiresAt, now);
  }

  /** Whether an id is spent already. It decides no single use: another process may spend it a moment later. */
  async isUsed(use: SingleUse, now: EpochSeconds): Promise<boolean> {
    return (await this.store.one(replayCacheStatements.find, hashOf(use), now)) !== undefined;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(replayCacheStatements.purge, now);
  }
}

/** True when a unit was undone by {@link ReplayCache.requireUnused}. */
export function isReplay({ statement }: ConcurrencyConflict): boolean {
  return statement === replayCacheStatements.spend;
}

function hashOf({ issuer, jti }: Pick<SingleUse, 'issuer' | 'jti'>): string {
  return encodeBase64url(sha256(JSON.stringify([issuer, jti])));
}
