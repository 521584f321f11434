import { Inject, Injectable } from '@nestjs/common';
import { encodeBase64url, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, Store, type ConcurrencyConflict, type Unit } from '@gatehouse/platform/database/store';

const replayCacheStatements = {
  // An expired id that is not purged yet counts as unused.
  consume: statement(
    'spent_ids.spend',
    `INSERT INTO spent_ids (id_hash, expires_at) VALUES ($1, $2)
     ON CONFLICT (id_hash) DO UPDATE SET expires_at = $2 WHERE spent_ids.expires_at <= $3`,
  ),
  find: statement('spent_ids.find', 'SELECT 1 AS found FROM spent_ids WHERE id_hash = $1 AND expires_at > $2'),
  purge: statement('spent_ids.purge', 'DELETE FROM spent_ids WHERE expires_at <= $1'),
};

/** An id that may be used once. */
export interface SingleUseId {
  /** The issuer of the id: two issuers may use the same one. */
  readonly issuer: string;
  readonly jti: string;
  /** From when the credential is rejected as expired. */
  readonly expiresAt: EpochSeconds;
}

/** Owns the ids that may be used once, across all processes. */
@Injectable()
export class ReplayCache {
  constructor(@Inject(Store) private readonly store: Store) {}

  /**
   * Consumes an id. True for exactly one of concurrent callers (RFC 7523 3, item 7).
   * @param issuer the issuer of the id: two issuers may use the same one
   * @param expiresAt from when the credential is rejected as expired
   */
  async use(unit: Unit, issuer: string, jti: string, expiresAt: EpochSeconds, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(replayCacheStatements.consume, hashOf({ issuer, jti }), expiresAt, now)) === 1;
  }

  /** Consumes an id as part of a unit of work, which is rolled back if the id has been used before: see {@link isReplay}. */
  requireUnused(unit: Unit, use: SingleUseId, now: EpochSeconds): void {
    unit.expectChange(replayCacheStatements.consume, hashOf(use), use.expiresAt, now);
  }

  /** Whether an id has been used. Does not guarantee single use: another process may consume the id concurrently. */
  async isUsed(use: SingleUseId, now: EpochSeconds): Promise<boolean> {
    return (await this.store.one(replayCacheStatements.find, hashOf(use), now)) !== undefined;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(replayCacheStatements.purge, now);
  }
}

/** True when {@link ReplayCache.requireUnused} rolled back a unit of work. */
export function isReplay({ statement }: ConcurrencyConflict): boolean {
  return statement === replayCacheStatements.consume;
}

function hashOf({ issuer, jti }: Pick<SingleUseId, 'issuer' | 'jti'>): string {
  return encodeBase64url(sha256(JSON.stringify([issuer, jti])));
}
