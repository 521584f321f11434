import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, type Store } from '@gatehouse/platform/database/store';
import { randomHex } from '@gatehouse/platform/secrets/random';

const leaseStatements = {
  take: statement(
    'leases.take',
    `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO UPDATE SET holder = $2, expires_at = $3 WHERE leases.holder = $2 OR leases.expires_at <= $4 OR leases.expires_at > $5`,
  ),
};

/** A job that one process at a time performs for all that share the database. If the holder dies, another process takes over. */
export class Lease {
  private readonly holder = randomHex(8);

  constructor(
    private readonly store: Store,
    private readonly name: string,
    private readonly lifetimeSeconds: number,
  ) {}

  /** Takes or renews the lease. False while another process holds it. */
  async hold(now: EpochSeconds): Promise<boolean> {
    const expiresAt = addSeconds(now, this.lifetimeSeconds);
    // A later expiry was set by a clock that was ahead by more than the lease duration: such a lease may be taken.
    const tooLate = addSeconds(expiresAt, this.lifetimeSeconds);
    const values = [this.name, this.holder, expiresAt, now, tooLate] as const;
    return (await this.store.run((unit) => unit.change(leaseStatements.take, ...values))) === 1;
  }
}
