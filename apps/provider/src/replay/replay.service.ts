import { Injectable } from '@nestjs/common';
import { encodeBase64url, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, type Unit } from '@gatehouse/server/database/store';

const spentIdStatements = {
  // One that has expired and is not purged yet counts as gone.
  spend: statement(
    'spent_ids.spend',
    `INSERT INTO spent_ids (id_hash, expires_at) VALUES ($1, $2)
     ON CONFLICT (id_hash) DO UPDATE SET expires_at = $2 WHERE spent_ids.expires_at <= $3`,
  ),
  purge: statement('spent_ids.purge', 'DELETE FROM spent_ids WHERE expires_at <= $1'),
};

/** Owns the ids that may be used once, for all processes together. */
@Injectable()
export class ReplayService {
  /**
   * Spends an id. True for exactly one caller, however many come at once (RFC 7523 3, item 7).
   * @param issuer whose id it is: two issuers may use the same
   * @param expiresAt from when on what carries it is refused for its age
   */
  async spend(unit: Unit, issuer: string, jti: string, expiresAt: EpochSeconds, now: EpochSeconds): Promise<boolean> {
    const idHash = encodeBase64url(sha256(JSON.stringify([issuer, jti])));
    return (await unit.change(spentIdStatements.spend, idHash, expiresAt, now)) === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(spentIdStatements.purge, now);
  }
}
