import { createHmac } from 'node:crypto';
import { epochSeconds, equalInConstantTime, type EpochSeconds } from '@gatehouse/domain/kernel';

/** A form that was open for longer shows itself again with a fresh token. */
const LIFETIME_SECONDS = 24 * 3600;
/** Two machines' clocks may differ by this much. */
const SKEW_SECONDS = 60;

/**
 * Tokens that prove that a form was made by us for this browser: the instant and an HMAC of it and of the browser's id.
 * Nothing is stored, so no number of open tabs uses one up.
 */
export class CsrfTokens {
  private readonly current: Buffer;

  /** @param keys the first signs, all verify: `keyring.derive('csrf')` */
  constructor(private readonly keys: readonly Buffer[]) {
    const [first] = keys;
    if (!first) throw new RangeError('CSRF tokens need a key');
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
