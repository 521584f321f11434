import { createHmac } from 'node:crypto';
import { epochSeconds, equalInConstantTime, type EpochSeconds } from '@gatehouse/domain/kernel';

/** An older form is shown again with a new token. */
const LIFETIME_SECONDS = 24 * 3600;
/** Tolerated clock difference between servers. */
const SKEW_SECONDS = 60;

/**
 * CSRF tokens, bound to a browser: the time of issue and an HMAC of it and the browser's id. They are stateless, so any
 * number of open tabs stays valid.
 */
export class CsrfTokens {
  private readonly current: Buffer;

  /** @param keys the first signs, all verify: `keyring.derive('csrf')` */
  constructor(private readonly keys: readonly Buffer[]) {
    const [first] = keys;
    if (!first) throw new RangeError('CSRF tokens require a key');
    this.current = first;
  }

  issue(browserId: string, now: EpochSeconds): string {
    const issuedAt = now.toString(36);
    return `${issuedAt}.${sign(this.current, issuedAt, browserId).toString('base64url')}`;
  }

  verify(token: string, browserId: string, now: EpochSeconds): boolean {
    const match = /^([0-9a-z]{1,8})\.([A-Za-z0-9_-]{43})$/.exec(token);
    const [, issuedAt, mac] = match ?? [];
    if (issuedAt === undefined || mac === undefined) return false;
    const age = now - epochSeconds(parseInt(issuedAt, 36));
    if (age > LIFETIME_SECONDS || age < -SKEW_SECONDS) return false;
    const presented = Buffer.from(mac, 'base64url');
    return this.keys.some((key) => equalInConstantTime(sign(key, issuedAt, browserId), presented));
  }
}

function sign(key: Buffer, issuedAt: string, browserId: string): Buffer {
  return createHmac('sha256', key).update(`${issuedAt}.${browserId}`).digest();
}
